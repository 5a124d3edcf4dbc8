// A freeze on its way from one program to the next.
#include <utility>

#include "state/freeze.h"

namespace bellhop::state {
namespace {

constexpr std::string_view freeze_record = "freeze";
constexpr std::string_view held_record = "frozen-filesystem";

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

bool Freeze::hand_over(HandoverWriter& writer) {
  const Lock lock(mutex_);
  if (!nothing_goes_on()) return false;
  due_ = limit_timer_.cancel();
  // The time has come: the thaw is about to begin.
  if (frozen_ && options_.limit.count() != 0 && !due_) return false;
  writer.begin(freeze_record);
  writer.flag("frozen", frozen_);
  writer.flag("inherited", inherited_);
  if (frozen_since_) writer.number("since", since_epoch(*frozen_since_));
  if (due_) writer.number("limit-reached", since_epoch(*due_));
  if (const auto note = note_.text()) writer.text("note", *note);
  for (const Held& one : held_) {
    writer.begin(held_record);
    writer.text("mountpoint", one.mountpoint);
    writer.descriptor("filesystem", one.filesystem->descriptor());
  }
  return true;
}

// A freeze without a limit has none now either.
void Freeze::go_on() {
  if (is_frozen() && due_) go_on_to(*due_);
}

bool Freeze::was_frozen(const Handover& handover) {
  const HandoverRecord* const record = handover.find(freeze_record);
  return record && record->flag("frozen");
}

// The mark of the freeze, by which a restarted agent knows of it, says less than the record.
void Freeze::take_over(Handover& handover) {
  const auto records = handover.take(freeze_record);
  if (records.empty()) return;
  const HandoverRecord& record = *records.front();
  if (const auto note = record.text("note")) note_.set(std::string(*note));
  const Lock lock(mutex_);
  frozen_ = record.flag("frozen");
  inherited_ = frozen_ && record.flag("inherited");
  frozen_since_.reset();
  if (const auto since = record.number("since")) {
    frozen_since_ = after_epoch<std::chrono::system_clock>(*since);
  }
  if (const auto due = record.number("limit-reached")) {
    due_ = after_epoch<std::chrono::steady_clock>(*due);
  }
  for (const HandoverRecord* held : handover.take(held_record)) {
    const std::string mountpoint(held->text("mountpoint").value_or(""));
    auto descriptor = held->descriptor("filesystem");
    if (!descriptor) {
      inherited_ = true;  // the thaw then tries all filesystems
      continue;
    }
    held_.push_back({.mountpoint = mountpoint,
                     .filesystem = filesystems_.adopt(std::move(descriptor), mountpoint)});
  }
}

}  // namespace bellhop::state
