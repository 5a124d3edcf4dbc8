// SPDX-License-Identifier: Apache-2.0
// Simulates exec in place within one process, for tests of snapshots.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/io/memory_file.h"
#include "platform/process/process_id.h"
#include "state/snapshot.h"

namespace bellhop::testing {

inline state::Snapshot read_snapshot(const platform::MemoryFile& memory) {
  auto content = platform::SealedMemory::open(
      platform::Handle(::fcntl(memory.descriptor(), F_DUPFD_CLOEXEC, 3)));
  EXPECT_TRUE(content) << content.error().message;
  return state::Snapshot(*std::move(content), platform::current_pid());
}

// Reads a snapshot from its text, as any program may have written it.
inline state::Snapshot read_snapshot(std::string_view text) {
  auto memory = platform::MemoryFile::create();
  EXPECT_TRUE(memory->append(text));
  EXPECT_TRUE(memory->seal());
  return read_snapshot(*memory);
}

// Returns the writer's snapshot as the successor reads it. `end` destroys the objects of the old
// program. The fds in the snapshot stay open with the same numbers and without FD_CLOEXEC.
inline state::Snapshot reexec(state::SnapshotWriter& writer, const std::function<void()>& end) {
  const auto memory = writer.finish();
  EXPECT_TRUE(memory) << memory.error().message;
  std::vector<std::pair<int, platform::Handle>> copies;
  for (const int descriptor : writer.descriptors()) {
    copies.emplace_back(descriptor, ::fcntl(descriptor, F_DUPFD_CLOEXEC, 100));
  }
  end();
  for (const auto& [number, copy] : copies) EXPECT_EQ(::dup2(copy.get(), number), number);
  return read_snapshot(*memory);
}

}  // namespace bellhop::testing
