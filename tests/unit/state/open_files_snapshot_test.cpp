// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "platform/io/pipe_posix.h"
#include "state/open_files.h"
#include "unit/state/reexec_fixture.h"
#include "unit/temporary_directory.h"

namespace bellhop::state {
namespace {

using bellhop::testing::reexec;

class OpenFilesSnapshot : public ::testing::Test {
 protected:
  std::int64_t open(const std::string& path, std::string_view mode) {
    const auto handle = files_->open(path, mode);
    EXPECT_TRUE(handle) << handle.error().message;
    return handle.value_or(0);
  }
  std::string read(std::int64_t handle, std::size_t count) {
    auto lease = files_->acquire(handle);
    if (!lease) return lease.error().message;
    std::string bytes(count, '?');
    const auto size = lease->file().read(std::as_writable_bytes(std::span(bytes)));
    if (!size) return size.error().message;
    bytes.resize(*size);
    return bytes;
  }
  void write(std::int64_t handle, std::string_view bytes) {
    auto lease = files_->acquire(handle);
    ASSERT_TRUE(lease);
    EXPECT_TRUE(lease->file().write(std::as_bytes(std::span(bytes))));
  }
  // Snapshots the open files, ends the agent, and restores them in the next one.
  void upgrade() {
    SnapshotWriter writer(platform::current_pid());
    const std::size_t count = files_->snapshot(writer);
    Snapshot snapshot = reexec(writer, [this] { files_.reset(); });
    files_.emplace(persistent_);
    EXPECT_EQ(files_->restore(snapshot), count);
    snapshot.close_rest();
  }

  TemporaryDirectory directory_;
  PersistentState persistent_{directory_.path()};
  std::optional<OpenFiles> files_{std::in_place, persistent_};
};

TEST_F(OpenFilesSnapshot, KeepsThePosition) {
  const auto handle = open(directory_.file("f", "0123456789"), "r");
  EXPECT_EQ(read(handle, 3), "012");
  upgrade();
  EXPECT_EQ(read(handle, 3), "345");
  EXPECT_EQ(read(handle, 10), "6789");
  upgrade();
  EXPECT_EQ(read(handle, 10), "");
}

TEST_F(OpenFilesSnapshot, KeepsTheMode) {
  const auto appending = open(directory_.file("f", "old "), "a");
  const auto reading = open(directory_ / "f", "r");
  upgrade();
  write(appending, "new");
  EXPECT_EQ(directory_.content("f"), "old new");
  auto lease = files_->acquire(reading);
  EXPECT_FALSE(lease->file().write(std::as_bytes(std::span("x"))));
  EXPECT_EQ(read(appending, 1), "failed to read file: Bad file descriptor");
}

TEST_F(OpenFilesSnapshot, KeepsDeletedFiles) {
  const auto handle = open(directory_.file("f", "text"), "r");
  std::filesystem::remove(directory_ / "f");
  upgrade();
  EXPECT_EQ(read(handle, 9), "text");
}

TEST_F(OpenFilesSnapshot, KeepsTheContentOfAPipe) {
  const std::string fifo = directory_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const auto handle = open(fifo, "r+");
  write(handle, "in the pipe");
  upgrade();
  EXPECT_EQ(read(handle, 2), "in");
  EXPECT_EQ(read(handle, 99), " the pipe");
}

TEST_F(OpenFilesSnapshot, ClosesRestoredHandlesAndAssignsNewOnes) {
  const auto first = open(directory_.file("f", "text"), "r");
  upgrade();
  EXPECT_TRUE(files_->close(first));
  EXPECT_FALSE(files_->close(first));
  EXPECT_GT(open(directory_ / "f", "r"), first);
  upgrade();
  EXPECT_EQ(read(first, 1), "handle '" + std::to_string(first) + "' has not been found");
}

// With another state directory, the handles start from the beginning.
TEST_F(OpenFilesSnapshot, AssignsNoHandleThatIsInUse) {
  const auto first = open(directory_.file("f", "text"), "r");
  std::filesystem::remove(directory_ / "qga.state");
  PersistentState other(directory_.path());
  SnapshotWriter writer(platform::current_pid());
  files_->snapshot(writer);
  Snapshot snapshot = reexec(writer, [this] { files_.reset(); });
  files_.emplace(other);
  files_->restore(snapshot);
  const auto second = open(directory_.file("g", "other"), "r");
  EXPECT_NE(second, first);
  EXPECT_EQ(read(first, 9), "text");
  EXPECT_EQ(read(second, 9), "other");
}

}  // namespace
}  // namespace bellhop::state
