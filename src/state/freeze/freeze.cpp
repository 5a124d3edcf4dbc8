#include "state/freeze/freeze.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <fstream>
#include <ranges>
#include <set>
#include <system_error>
#include <utility>

#include "base/path.h"
#include "platform/process/threads.h"

namespace bellhop::state {
namespace {

// How long a freeze waits for a running freeze or thaw. Shorter than the timeout of clients.
constexpr std::chrono::seconds turn_timeout{4};

using SystemTime = std::chrono::system_clock::time_point;

std::string to_text(SystemTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

double seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Freeze::Freeze(platform::Filesystems& filesystems, FreezeOptions options)
    : filesystems_(filesystems),
      options_(std::move(options)),
      notice_(options_.notice_file),
      auto_thaw_timer_([this] { auto_thaw(); }) {
  std::error_code error;
  const auto since = std::filesystem::last_write_time(options_.state_file, error);
  if (error) return;
  is_frozen_ = true;
  inherited_ = true;
  frozen_since_ = std::chrono::time_point_cast<std::chrono::system_clock::duration>(
      std::filesystem::file_time_type::clock::to_sys(since));
}

Freeze::~Freeze() {
  end_.request_stop();
}

bool Freeze::stop(std::chrono::milliseconds timeout) {
  end_.request_stop();
  MutexLock lock(mutex_);
  std::stop_source stop_freezing = stop_freezing_;
  lock.unlock();
  stop_freezing.request_stop();
  lock.lock();
  const bool idle =
      changed_.wait_for(mutex_, timeout, [this]() REQUIRES(mutex_) { return is_idle_locked(); });
  lock.unlock();
  // A freeze may have succeeded during the shutdown; its host has not received the reply.
  if (idle && is_frozen_) static_cast<void>(thaw_within_timeout());  // checked below
  return idle && !is_frozen_;
}

bool Freeze::is_idle() const {
  const MutexLock lock(mutex_);
  return is_idle_locked();
}

bool Freeze::is_idle_locked() const {
  return phase_ == Phase::idle && (!thawing_ || thawing_->done);
}

std::optional<std::chrono::system_clock::time_point> Freeze::frozen_since() const {
  const MutexLock lock(mutex_);
  return frozen_since_;
}

Result<std::int64_t> Freeze::freeze(const Names& mountpoints) {
  TRY_ASSIGN(const std::stop_token stop, begin_freeze());
  auto frozen = freeze_named(mountpoints, stop);
  end_phase();
  return frozen;
}

Result<std::stop_token> Freeze::begin_freeze() {
  MutexLock lock(mutex_);
  const bool has_turn = changed_.wait_for(mutex_, turn_timeout,
                                          [this]() REQUIRES(mutex_) { return is_idle_locked(); });
  if (!has_turn) return failure("another freeze or thaw is going on");
  if (end_.stop_requested()) return failure("the agent is about to end");
  if (is_frozen_) return failure("filesystems are frozen already");
  phase_ = Phase::freezing;
  stop_freezing_ = std::stop_source();
  std::stop_token stop = stop_freezing_.get_token();
  timed_out_ = false;
  committed_ = false;
  freezing_.clear();
  lock.unlock();
  notice_.consume();  // a new freeze supersedes an unreported auto-thaw
  return stop;
}

void Freeze::end_phase() {
  {
    const MutexLock lock(mutex_);
    phase_ = Phase::idle;
  }
  changed_.notify_all();
}

Result<std::int64_t> Freeze::freeze_named(const Names& names, const std::stop_token& stop) {
  TRY(run_hook("freeze", stop));
  auto opened = open_chosen(names, stop);
  if (!opened || opened->empty()) {
    run_thaw_hook();
    if (!opened) return std::unexpected(std::move(opened).error());
    return 0;
  }
  if (auto watched = set_frozen(); !watched) return roll_back(std::move(watched).error());
  auto count = freeze_all(*std::move(opened), stop);
  if (!count) return roll_back(std::move(count).error());
  if (*count == 0) {
    set_thawed();
    run_thaw_hook();
  } else {
    rearm_timeout(options_.timeout);
  }
  return count;
}

// The filesystems to freeze, in freezing order. Read-only ones are skipped: nothing can be written
// to them.
Result<std::vector<platform::LocalFilesystem>> Freeze::choose(const Names& names) {
  TRY_ASSIGN(auto all, filesystems_.list());
  std::set<std::string_view> named;
  if (names) named.insert(names->begin(), names->end());
  std::vector<platform::LocalFilesystem> chosen;
  for (platform::LocalFilesystem& one : std::views::reverse(all)) {
    if (one.read_only || (names && !named.contains(one.mountpoint))) continue;
    chosen.push_back(std::move(one));
  }
  return chosen;
}

// Opens all filesystems before the first one is frozen, so that an unreachable one is found before
// any write is blocked.
Result<std::vector<Freeze::FrozenFilesystem>> Freeze::open_chosen(const Names& names,
                                                                  const std::stop_token& stop) {
  TRY_ASSIGN(const auto chosen, choose(names));
  std::vector<FrozenFilesystem> opened;
  Unreachable unreachable;
  for (const platform::LocalFilesystem& one : chosen) {
    if (stop.stop_requested()) return aborted();
    set_current_freeze(one.mountpoint);
    auto filesystem = filesystems_.open(one);
    if (!filesystem) {
      unreachable.emplace_back(one.mountpoint, std::move(filesystem).error());
    } else if (!*filesystem) {
      warn(fmt::format("the filesystem at '{}' is not frozen: another one is mounted over it",
                       one.mountpoint));
    } else {
      opened.push_back({.mountpoint = one.mountpoint, .filesystem = *std::move(filesystem)});
    }
  }
  TRY(check_gone(unreachable));
  return opened;
}

Result<std::int64_t> Freeze::freeze_all(std::vector<FrozenFilesystem> opened,
                                        const std::stop_token& stop) {
  std::int64_t count = 0;
  for (FrozenFilesystem& one : opened) {
    if (stop.stop_requested()) return aborted();
    set_current_freeze(one.mountpoint);
    TRY_ASSIGN(const auto frozen, one.filesystem->freeze());
    if (!frozen) continue;
    ++count;
    const MutexLock lock(mutex_);
    frozen_.push_back(std::move(one));
  }
  if (!try_commit()) return aborted();
  return count;
}

// False if the freeze was aborted. After true, only a thaw or the auto-thaw ends the freeze.
bool Freeze::try_commit() {
  const MutexLock lock(mutex_);
  committed_ = !timed_out_ && !stop_freezing_.stop_requested();
  return committed_;
}

// Returns the error of the first unreachable filesystem that is still mounted; success if all have
// been unmounted in the meantime.
Result<void> Freeze::check_gone(const Unreachable& unreachable) {
  if (unreachable.empty()) return {};
  TRY_ASSIGN(const auto now, filesystems_.list());
  std::set<std::string_view> mounted;
  for (const platform::LocalFilesystem& one : now) mounted.insert(one.mountpoint);
  for (const auto& [mountpoint, error] : unreachable) {
    if (mounted.contains(mountpoint)) return std::unexpected(error);
  }
  return {};
}

std::unexpected<Error> Freeze::aborted() const {
  const MutexLock lock(mutex_);
  if (timed_out_) {
    return failure("the freeze was given up: it was not done after {} s, '{}' does not answer",
                   seconds(options_.timeout), freezing_);
  }
  return failure("the freeze was given up: guest-fsfreeze-thaw was called meanwhile");
}

// Thaws after a partial freeze and returns `error`.
std::unexpected<Error> Freeze::roll_back(Error error) {
  Thawing thawing;
  thaw_everything(thawing);
  if (thawing.error) warn(thawing.error->message);  // no caller receives this Thawing
  return std::unexpected(std::move(error));
}

Result<std::int64_t> Freeze::thaw() {
  TRY_ASSIGN(auto thawed, thaw_within_timeout());
  if (const auto notice = notice_.consume()) return failure("{}", *notice);
  return thawed;
}

Result<std::int64_t> Freeze::thaw_within_timeout() {
  MutexLock lock(mutex_);
  if (!thawing_ || thawing_->done) start_thaw();
  const auto thawing = thawing_;
  changed_.wait_for(mutex_, options_.reply_timeout, [&] { return thawing->done; });
  return outcome(*thawing);
}

void Freeze::start_thaw() {
  thawing_ = std::make_shared<Thawing>();
  thawing_->all_thawed = !is_frozen_ && phase_ == Phase::idle;
  const auto thawing = thawing_;
  auto thread = platform::start_thread("bellhop-thaw", [this, thawing] { finish_thaw(*thawing); });
  if (thread) {
    // The previous thread, if any, has finished its work and needs no lock to end.
    thaw_thread_ = *std::move(thread);
    return;
  }
  // No thread could be started: a slow reply is better than a guest that stays frozen.
  mutex_.unlock();
  finish_thaw(*thawing);
  mutex_.lock();
}

void Freeze::finish_thaw(Thawing& thawing) {
  MutexLock lock(mutex_);
  std::stop_source stop_freezing = stop_freezing_;
  const bool freezing = phase_ == Phase::freezing;
  lock.unlock();
  if (freezing) {
    stop_freezing.request_stop();
    thaw_frozen(thawing);  // the freeze may hang in the kernel: thaw what it has frozen so far
  }
  lock.lock();
  changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return phase_ == Phase::idle; });
  phase_ = Phase::thawing;
  lock.unlock();
  thaw_everything(thawing);
  // The caller may have received its reply before the hook failed.
  if (thawing.error) warn(thawing.error->message);
  lock.lock();
  thawing.done = true;
  phase_ = Phase::idle;
  changed_.notify_all();
}

// Order: what the agent froze, then the hook, then other filesystems. Neither of the first two
// waits for a filesystem whose disk hangs. If the list of frozen filesystems is unknown, all
// filesystems are tried before the hook.
void Freeze::thaw_everything(Thawing& thawing) {
  bool inherited = false;
  {
    const MutexLock lock(mutex_);
    inherited = is_frozen_ && inherited_;
  }
  const bool known = thaw_frozen(thawing) || (is_frozen_ && !inherited);
  if (!known) thaw_others(thawing, inherited);
  {
    const MutexLock lock(mutex_);
    if (thawing.error) return;
    thawing.all_thawed = true;
  }
  set_thawed();
  for (const std::string& mountpoint : thawing.unreachable) {
    warn(fmt::format("'{}' could not be reached for the thaw and may be frozen still", mountpoint));
  }
  // Not stopped at shutdown: the applications that the hook paused must resume.
  auto hooked = run_hook("thaw", {});
  if (!hooked) {
    const MutexLock lock(mutex_);
    thawing.error = std::move(hooked).error();
  }
  if (known) thaw_others(thawing, false);
}

// Thaws the filesystems that the agent froze, the last frozen first, and closes the thawed ones.
// False if there were none.
bool Freeze::thaw_frozen(Thawing& thawing) {
  std::vector<FrozenFilesystem> frozen;
  {
    const MutexLock lock(mutex_);
    frozen = frozen_;
  }
  std::set<std::shared_ptr<platform::Filesystem>> done;
  for (auto& one : std::views::reverse(frozen)) {
    set_current_thaw(one.mountpoint);
    const auto thawed = one.filesystem->thaw();
    record_result(thawing, thawed, true);
    if (thawed) done.insert(std::move(one.filesystem));
  }
  const MutexLock lock(mutex_);
  std::erase_if(frozen_,
                [&](const FrozenFilesystem& one) { return done.contains(one.filesystem); });
  return !frozen.empty();
}

// Tries to thaw all mounted filesystems. With `errors_count`, errors count, and filesystems that
// cannot be opened are recorded as unreachable; otherwise both are ignored.
void Freeze::thaw_others(Thawing& thawing, bool errors_count) {
  const auto all = filesystems_.list();
  if (!all) {
    record_result(thawing, std::unexpected(all.error()), true);
    return;
  }
  for (const platform::LocalFilesystem& one : *all) {
    set_current_thaw(one.mountpoint);
    const auto filesystem = filesystems_.open(one);
    if (filesystem && *filesystem) {
      record_result(thawing, (*filesystem)->thaw(), errors_count);
    } else if (errors_count) {
      thawing.unreachable.push_back(one.mountpoint);
    }
  }
}

void Freeze::set_current_freeze(const std::string& mountpoint) {
  const MutexLock lock(mutex_);
  freezing_ = mountpoint;
}

void Freeze::set_current_thaw(const std::string& mountpoint) {
  const MutexLock lock(mutex_);
  thawing_mountpoint_ = mountpoint;
}

void Freeze::record_result(Thawing& thawing, const Result<bool>& thawed, bool errors_count) {
  const MutexLock lock(mutex_);
  if (thawed) {
    thawing.count += *thawed ? 1 : 0;
  } else if (errors_count && !thawing.error) {
    thawing.error = thawed.error();
  }
}

Result<std::int64_t> Freeze::outcome(const Thawing& thawing) const {
  if (thawing.error) return std::unexpected(*thawing.error);
  if (!thawing.all_thawed) {
    const std::string& mountpoint = phase_ == Phase::freezing ? freezing_ : thawing_mountpoint_;
    if (mountpoint.empty()) return failure("the thaw goes on: a hook has not ended; call again");
    return failure("the thaw goes on: '{}' does not answer; call again", mountpoint);
  }
  return thawing.count;
}

Result<void> Freeze::run_hook(std::string_view action, const std::stop_token& stop) const {
  return options_.hook ? options_.hook(action, stop) : Result<void>();
}

// After a freeze that froze nothing although the freeze hook ran.
void Freeze::run_thaw_hook() const {
  if (auto hooked = run_hook("thaw", {}); !hooked) warn(hooked.error().message);
}

// Fails if the auto-thaw timer cannot be started.
Result<void> Freeze::set_frozen() {
  if (!std::ofstream(options_.state_file)) {
    warn(fmt::format("unable to create {}, fsfreeze may not function properly",
                     to_utf8(options_.state_file)));
  }
  {
    const MutexLock lock(mutex_);
    frozen_since_ = std::chrono::system_clock::now();
    is_frozen_ = true;
  }
  if (options_.on_change) options_.on_change(true);
  return arm_timeout(options_.timeout);
}

void Freeze::set_thawed() {
  {
    const MutexLock lock(mutex_);
    if (!is_frozen_) return;
    frozen_since_.reset();
    inherited_ = false;
    is_frozen_ = false;
  }
  static_cast<void>(auto_thaw_timer_.cancel());
  std::error_code error;
  std::filesystem::remove(options_.state_file, error);
  if (options_.on_change) options_.on_change(false);
  if (error) {
    warn(fmt::format("unable to delete {}, fsfreeze may not function properly",
                     to_utf8(options_.state_file)));
  }
}

void Freeze::arm_inherited_timeout() {
  if (!is_frozen()) return;
  if (const auto deadline = take_deadline()) return arm_until(*deadline);
  const auto since = frozen_since().value_or(std::chrono::system_clock::now());
  // A change of the system clock must not extend the freeze beyond the timeout.
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now() - since);
  const auto none = std::chrono::milliseconds(0);
  rearm_timeout(options_.timeout - std::clamp(age, none, options_.timeout));
}

std::optional<Freeze::TimePoint> Freeze::take_deadline() {
  const MutexLock lock(mutex_);
  return std::exchange(deadline_, std::nullopt);
}

void Freeze::arm_until(TimePoint deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (auto_thaw_timer_.set(std::max(left, std::chrono::milliseconds(0)))) return;
  warn("cannot watch the freeze's limit: no thread is to be had");
}

Result<void> Freeze::arm_timeout(std::chrono::milliseconds from_now) {
  if (options_.timeout.count() == 0 || auto_thaw_timer_.set(from_now)) return {};
  return failure("cannot watch the freeze's limit: no thread is to be had");
}

// For a freeze that stays in force even if the timer cannot be started.
void Freeze::rearm_timeout(std::chrono::milliseconds from_now) {
  if (auto watched = arm_timeout(from_now); !watched) warn(watched.error().message);
}

// Runs when the auto-thaw timeout expires.
void Freeze::auto_thaw() {
  {
    const MutexLock lock(mutex_);
    if (!is_frozen_) return;
    if (phase_ == Phase::freezing && !committed_) {
      timed_out_ = true;  // the caller of freeze() gets an error
    } else {
      notice_.set(auto_thaw_message());
    }
  }
  const auto thawed = thaw_within_timeout();
  if (is_frozen()) {
    warn(thawed ? "the freeze goes on" : thawed.error().message);
    rearm_timeout(options_.retry_interval);
    return;
  }
  if (const auto notice = notice_.text()) {
    notice_.persist();
    warn(*notice);
  }
}

std::string Freeze::auto_thaw_message() const {
  const SystemTime now = std::chrono::system_clock::now();
  return fmt::format(
      "the freeze that began at {} ended by itself at {}, at the limit of {} s: what was copied "
      "after that may be inconsistent",
      to_text(frozen_since_.value_or(now)), to_text(now), seconds(options_.timeout));
}

void Freeze::warn(std::string_view message) const {
  if (options_.warn) options_.warn(message);
}

}  // namespace bellhop::state
