// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <map>
#include <ranges>
#include <set>
#include <utility>

namespace bellhop::state {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// How long a freeze waits for a running freeze or thaw. Shorter than the timeout of clients.
constexpr std::chrono::seconds turn_timeout{4};

constexpr std::string_view freeze_record = "freeze";

double seconds(milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::string auto_thaw_notice(system_clock::time_point since, milliseconds timeout) {
  return fmt::format(
      "the freeze that began at {:%FT%TZ} ended by itself at {:%FT%TZ}, at the limit of {} s: what "
      "was copied after that may be inconsistent",
      fmt::gmtime(system_clock::to_time_t(since)), fmt::gmtime(std::time(nullptr)),
      seconds(timeout));
}

}  // namespace

Freeze::Freeze(platform::Filesystems& filesystems, FreezeOptions options)
    : filesystems_(filesystems),
      options_(std::move(options)),
      notice_(options_.notice_file),
      frozen_(options_),
      thread_([this](bool expired) { run_thaw(expired); }) {}

bool Freeze::stop(milliseconds timeout) {
  bool idle = false;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    if (freezing_) freezing_->abort("the agent is about to end");
    idle =
        changed_.wait_for(mutex_, timeout, [this]() REQUIRES(mutex_) { return is_idle_locked(); });
  }
  // A freeze may have succeeded during the shutdown; its host has not received the reply.
  if (idle && is_frozen()) static_cast<void>(thaw_within_timeout());  // checked below
  return idle && !is_frozen();
}

bool Freeze::is_idle() const {
  const MutexLock lock(mutex_);
  return is_idle_locked();
}

bool Freeze::is_idle_locked() const {
  return !freezing_ && !thaw_;
}

Result<std::int64_t> Freeze::freeze(const Names& mountpoints) {
  MutexLock lock(mutex_);
  const bool has_turn = changed_.wait_for(mutex_, turn_timeout,
                                          [this]() REQUIRES(mutex_) { return is_idle_locked(); });
  if (!has_turn) return failure("another freeze or thaw is going on");
  if (ending_) return failure("the agent is about to end");
  if (is_frozen()) return failure("filesystems are frozen already");
  const std::stop_token stop = freezing_.emplace().stop_hook.get_token();
  lock.unlock();
  notice_.consume();  // a new freeze supersedes an unreported auto-thaw
  auto count = run_freeze(mountpoints, stop);
  if (count.value_or(0) > 0) return count;  // commit() has ended the freezing phase
  lock.lock();
  freezing_.reset();
  changed_.notify_all();
  return count;
}

Result<std::int64_t> Freeze::run_freeze(const Names& names, const std::stop_token& stop) {
  TRY(options_.hook("freeze", stop));
  auto count = freeze_named(names);
  if (!count && is_frozen()) {
    Thaw(filesystems_, frozen_, options_).run([this] { thread_.cancel(); });
  } else if (count.value_or(0) == 0) {
    frozen_.end();
    thread_.cancel();
    if (auto hooked = options_.hook("thaw", {}); !hooked) options_.warn(hooked.error().message);
  }
  return count;
}

Result<std::int64_t> Freeze::freeze_named(const Names& names) {
  TRY_ASSIGN(auto opened, open_named(names));
  if (opened.empty()) return 0;
  frozen_.begin();
  TRY(start_timeout());
  std::int64_t count = 0;
  for (FrozenSet::Entry& one : opened) {
    TRY(proceed_to(one.mountpoint));
    TRY_ASSIGN(const bool frozen, frozen_.freeze(std::move(one)));
    count += frozen ? 1 : 0;
  }
  TRY(count > 0 ? commit() : proceed_to({}));  // fail if the freeze was aborted
  return count;
}

// Opens all filesystems before the first one is frozen, so that an unreachable one is found before
// any write is blocked. The result is in freezing order. Read-only filesystems are skipped: nothing
// can be written to them. So is an unreachable one that has been unmounted in the meantime.
Result<std::vector<FrozenSet::Entry>> Freeze::open_named(const Names& names) {
  TRY_ASSIGN(const auto all, filesystems_.list());
  std::set<std::string_view> named;
  if (names) named.insert(names->begin(), names->end());
  std::vector<FrozenSet::Entry> opened;
  std::map<std::string, Error, std::less<>> unreachable;
  for (const platform::LocalFilesystem& one : std::views::reverse(all)) {
    if (one.read_only || (names && !named.contains(one.mountpoint))) continue;
    TRY(proceed_to(one.mountpoint));
    auto filesystem = filesystems_.open(one);
    if (!filesystem) {
      unreachable.emplace(one.mountpoint, std::move(filesystem).error());
    } else if (!*filesystem) {
      options_.warn(fmt::format(
          "the filesystem at '{}' is not frozen: another one is mounted over it", one.mountpoint));
    } else {
      opened.push_back({.mountpoint = one.mountpoint, .filesystem = *std::move(filesystem)});
    }
  }
  if (unreachable.empty()) return opened;
  TRY_ASSIGN(const auto now, filesystems_.list());
  for (const platform::LocalFilesystem& one : std::views::reverse(now)) {
    const auto found = unreachable.find(one.mountpoint);
    if (found != unreachable.end()) return std::unexpected(found->second);
  }
  return opened;
}

// Fails if the freeze was aborted.
Result<void> Freeze::proceed_to(const std::string& mountpoint) {
  const MutexLock lock(mutex_);
  TRY(freezing_->check_aborted());
  freezing_->mountpoint = mountpoint;
  return {};
}

// Ends the freezing phase, unless the freeze was aborted. After it, only a thaw or the auto-thaw
// ends the freeze.
Result<void> Freeze::commit() {
  const MutexLock lock(mutex_);
  TRY(freezing_->check_aborted());
  freezing_.reset();
  changed_.notify_all();
  return start_timeout();  // does not fail: it is running
}

Result<void> Freeze::Freezing::check_aborted() const {
  if (abort_reason.empty()) return {};
  return failure("the freeze was given up: {}", abort_reason);
}

void Freeze::Freezing::abort(std::string reason) {
  abort_reason = std::move(reason);
  stop_hook.request_stop();
}

Result<std::int64_t> Freeze::thaw() {
  TRY_ASSIGN(auto thawed, thaw_within_timeout());
  if (const auto notice = notice_.consume()) return failure("{}", *notice);
  return thawed;
}

Result<std::int64_t> Freeze::thaw_within_timeout() {
  MutexLock lock(mutex_);
  bool runs = true;
  if (!thaw_) {
    thaw_ = std::make_shared<Thaw>(filesystems_, frozen_, options_, freezing_.has_value());
    runs = thread_.request();
  }
  const auto thaw = thaw_;
  if (!runs) {  // no thread: a slow reply is better than a guest that stays frozen
    lock.unlock();
    run_thaw(false);
    lock.lock();
  }
  changed_.wait_for(mutex_, options_.reply_timeout,
                    [&]() REQUIRES(mutex_) { return thaw_ != thaw; });
  return thaw->result();
}

// Runs the requested thaw or, if the timeout has expired, an auto-thaw. After an auto-thaw the next
// thaw() returns an error, unless the freeze itself does.
void Freeze::run_thaw(bool expired) {
  MutexLock lock(mutex_);
  const auto since = frozen_since();
  expired = expired && since;
  if (expired && !thaw_) thaw_ = std::make_shared<Thaw>(filesystems_, frozen_, options_);
  const auto thaw = thaw_;
  if (!thaw) return;
  if (freezing_) {
    const std::string mountpoint = freezing_->mountpoint;
    freezing_->abort(expired ? fmt::format("it was not done after {} s, '{}' does not answer",
                                           seconds(options_.timeout), mountpoint)
                             : "guest-fsfreeze-thaw was called meanwhile");
    lock.unlock();
    thaw->thaw_frozen(mountpoint);
    lock.lock();
    changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return !freezing_; });
  } else if (expired) {
    notice_.set(auto_thaw_notice(*since, options_.timeout));
  }
  lock.unlock();
  thaw->run([&] {
    thread_.cancel();
    if (!expired) return;
    if (const auto notice = notice_.persist()) options_.warn(*notice);
  });
  if (expired && is_frozen()) {
    // Does not fail: this is its thread.
    static_cast<void>(thread_.set_deadline(steady_clock::now() + options_.retry_interval));
  }
  lock.lock();
  thaw_.reset();
  changed_.notify_all();
}

Result<void> Freeze::start_timeout() {
  if (options_.timeout.count() == 0) return {};
  return thread_.set_deadline(steady_clock::now() + options_.timeout);
}

// Of a freeze that was in force at start.
std::optional<ThawThread::TimePoint> Freeze::inherited_deadline() const {
  const auto since = frozen_since();
  if (!since || options_.timeout.count() == 0) return std::nullopt;
  // A change of the system clock must not extend the freeze beyond the timeout.
  const auto age = std::chrono::duration_cast<milliseconds>(system_clock::now() - *since);
  return steady_clock::now() + options_.timeout -
         std::clamp(age, milliseconds(0), options_.timeout);
}

void Freeze::arm_timeout() {
  const MutexLock lock(mutex_);
  if (!deadline_) return;
  const auto armed = thread_.set_deadline(*std::exchange(deadline_, std::nullopt));
  if (!armed) options_.warn(armed.error().message);
}

bool Freeze::snapshot(SnapshotWriter& writer) {
  const MutexLock lock(mutex_);
  if (!is_idle_locked()) return false;
  deadline_ = thread_.cancel();
  // The timeout has expired: the auto-thaw is about to begin.
  if (is_frozen() && options_.timeout.count() != 0 && !deadline_) return false;
  writer.begin(freeze_record);
  if (deadline_) writer.time("limit-reached", *deadline_);
  if (const auto notice = notice_.text()) writer.text("note", *notice);
  frozen_.snapshot(writer);
  return true;
}

bool Freeze::was_frozen(const Snapshot& snapshot) {
  const SnapshotRecord* const record = snapshot.find(freeze_record);
  return record && record->flag("frozen");
}

void Freeze::restore(Snapshot& snapshot) {
  const auto records = snapshot.take(freeze_record);
  if (records.empty()) return;
  const SnapshotRecord& record = *records.front();
  if (const auto notice = record.text("note")) notice_.set(std::string(*notice));
  frozen_.restore(record, snapshot, filesystems_);
  const MutexLock lock(mutex_);
  deadline_ = record.time<ThawThread::TimePoint>("limit-reached");
  if (!deadline_) deadline_ = inherited_deadline();
}

}  // namespace bellhop::state
