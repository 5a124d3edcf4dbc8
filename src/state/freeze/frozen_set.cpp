// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/frozen_set.h"

#include <fmt/format.h>

#include <fstream>
#include <system_error>
#include <utility>

#include "base/path.h"

namespace bellhop::state {

FrozenSet::FrozenSet(const FreezeOptions& options) : options_(options) {
  std::error_code error;
  const auto since = std::filesystem::last_write_time(options_.state_file, error);
  if (error) return;
  since_ = std::chrono::time_point_cast<Time::duration>(
      std::filesystem::file_time_type::clock::to_sys(since));
  complete_ = false;
}

std::optional<FrozenSet::Time> FrozenSet::since() const {
  const MutexLock lock(mutex_);
  return since_;
}

bool FrozenSet::is_complete() const {
  const MutexLock lock(mutex_);
  return complete_;
}

void FrozenSet::begin() {
  if (!std::ofstream(options_.state_file)) {
    options_.warn(fmt::format("unable to create {}, fsfreeze may not function properly",
                              to_utf8(options_.state_file)));
  }
  {
    const MutexLock lock(mutex_);
    since_ = std::chrono::system_clock::now();
  }
  options_.on_change(true);
}

Result<bool> FrozenSet::freeze(Entry entry) {
  TRY_ASSIGN(const bool frozen, entry.filesystem->freeze());
  if (!frozen) return false;
  const MutexLock lock(mutex_);
  entries_.push_back(std::move(entry));
  return true;
}

std::vector<FrozenSet::Entry> FrozenSet::in_thaw_order() const {
  const MutexLock lock(mutex_);
  return {entries_.rbegin(), entries_.rend()};
}

void FrozenSet::remove(const Entry& entry) {
  const MutexLock lock(mutex_);
  std::erase_if(entries_, [&](const Entry& one) { return one.filesystem == entry.filesystem; });
}

void FrozenSet::end() {
  {
    const MutexLock lock(mutex_);
    if (!since_) return;
    since_.reset();
    complete_ = true;
  }
  std::error_code error;
  std::filesystem::remove(options_.state_file, error);
  options_.on_change(false);
  if (!error) return;
  options_.warn(fmt::format("unable to delete {}, fsfreeze may not function properly",
                            to_utf8(options_.state_file)));
}

void FrozenSet::snapshot(SnapshotWriter& writer) const {
  const MutexLock lock(mutex_);
  writer.flag("frozen", since_.has_value());
  writer.flag("inherited", !complete_);
  if (since_) writer.time("since", *since_);
  for (const Entry& one : entries_) {
    writer.begin("frozen-filesystem");
    writer.text("mountpoint", one.mountpoint);
    writer.descriptor("filesystem", one.filesystem->descriptor());
  }
}

// The record has more details than the state file, which the constructor has read.
void FrozenSet::restore(const SnapshotRecord& record, Snapshot& snapshot,
                        platform::Filesystems& filesystems) {
  const MutexLock lock(mutex_);
  since_.reset();
  if (record.flag("frozen")) since_ = record.time<Time>("since").value_or(Time::clock::now());
  complete_ = !since_ || !record.flag("inherited");
  for (const SnapshotRecord* frozen : snapshot.take("frozen-filesystem")) {
    std::string mountpoint(frozen->text("mountpoint").value_or(""));
    if (auto descriptor = frozen->descriptor("filesystem")) {
      auto filesystem = filesystems.restore(std::move(descriptor), mountpoint);
      entries_.push_back(
          {.mountpoint = std::move(mountpoint), .filesystem = std::move(filesystem)});
    } else {
      complete_ = false;  // the thaw tries all filesystems
    }
  }
}

}  // namespace bellhop::state
