// Snapshot and restore of the freeze.
#include <utility>

#include "state/freeze/freeze.h"

namespace bellhop::state {
namespace {

constexpr std::string_view freeze_record = "freeze";
constexpr std::string_view frozen_filesystem_record = "frozen-filesystem";

using std::chrono::nanoseconds;

std::int64_t since_epoch(auto time) {
  return std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count();
}

template <class Clock>
std::chrono::time_point<Clock> after_epoch(std::int64_t time) {
  return typename Clock::time_point(
      std::chrono::duration_cast<typename Clock::duration>(nanoseconds(time)));
}

}  // namespace

bool Freeze::snapshot(SnapshotWriter& writer) {
  const MutexLock lock(mutex_);
  if (!is_idle_locked()) return false;
  deadline_ = auto_thaw_timer_.cancel();
  // The timeout has expired: the auto-thaw is about to begin.
  if (is_frozen_ && options_.timeout.count() != 0 && !deadline_) return false;
  writer.begin(freeze_record);
  writer.flag("frozen", is_frozen_);
  writer.flag("inherited", inherited_);
  if (frozen_since_) writer.number("since", since_epoch(*frozen_since_));
  if (deadline_) writer.number("limit-reached", since_epoch(*deadline_));
  if (const auto notice = notice_.text()) writer.text("note", *notice);
  for (const FrozenFilesystem& one : frozen_) {
    writer.begin(frozen_filesystem_record);
    writer.text("mountpoint", one.mountpoint);
    writer.descriptor("filesystem", one.filesystem->descriptor());
  }
  return true;
}

// A freeze without an auto-thaw timeout has no deadline.
void Freeze::resume() {
  const auto deadline = take_deadline();
  if (is_frozen() && deadline) arm_until(*deadline);
}

bool Freeze::was_frozen(const Snapshot& snapshot) {
  const SnapshotRecord* const record = snapshot.find(freeze_record);
  return record && record->flag("frozen");
}

// The record has more details than the freeze state file, which the constructor has read.
void Freeze::restore(Snapshot& snapshot) {
  const auto records = snapshot.take(freeze_record);
  if (records.empty()) return;
  const SnapshotRecord& record = *records.front();
  if (const auto notice = record.text("note")) notice_.set(std::string(*notice));
  const MutexLock lock(mutex_);
  is_frozen_ = record.flag("frozen");
  inherited_ = is_frozen_ && record.flag("inherited");
  frozen_since_.reset();
  if (const auto since = record.number("since")) {
    frozen_since_ = after_epoch<std::chrono::system_clock>(*since);
  }
  if (const auto deadline = record.number("limit-reached")) {
    deadline_ = after_epoch<std::chrono::steady_clock>(*deadline);
  }
  for (const SnapshotRecord* frozen : snapshot.take(frozen_filesystem_record)) {
    const std::string mountpoint(frozen->text("mountpoint").value_or(""));
    auto descriptor = frozen->descriptor("filesystem");
    if (!descriptor) {
      inherited_ = true;  // the list is incomplete: the thaw tries all filesystems
      continue;
    }
    frozen_.push_back({.mountpoint = mountpoint,
                       .filesystem = filesystems_.restore(std::move(descriptor), mountpoint)});
  }
}

}  // namespace bellhop::state
