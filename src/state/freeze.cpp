#include "state/freeze.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <fstream>
#include <ranges>
#include <set>
#include <system_error>
#include <utility>

#include "platform/quiet_threads.h"

namespace bellhop::state {
namespace {

// How long a freeze waits for the thaw before it to end: shorter than clients wait.
constexpr std::chrono::seconds turn_limit{4};

using SystemTime = std::chrono::system_clock::time_point;

std::string as_text(SystemTime time) {
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
      note_(options_.note_file),
      limit_timer_([this] { end_by_itself(); }) {
  std::error_code error;
  const auto since = std::filesystem::last_write_time(options_.state_file, error);
  if (error) return;
  frozen_ = true;
  inherited_ = true;
  frozen_since_ = std::chrono::time_point_cast<std::chrono::system_clock::duration>(
      std::filesystem::file_time_type::clock::to_sys(since));
}

Freeze::~Freeze() {
  end_.request_stop();
}

bool Freeze::stop(std::chrono::milliseconds patience) {
  end_.request_stop();
  Lock lock(mutex_);
  std::stop_source stop_freezing = stop_freezing_;
  lock.unlock();
  stop_freezing.request_stop();
  lock.lock();
  const bool at_rest = changed_.wait_for(lock, patience, [this] { return nothing_goes_on(); });
  lock.unlock();
  // A freeze may have succeeded while the agent was about to end: its host has no reply yet.
  if (at_rest && frozen_) static_cast<void>(thaw_within_patience());  // the result says it
  return at_rest && !frozen_;
}

bool Freeze::is_at_rest() const {
  const Lock lock(mutex_);
  return nothing_goes_on();
}

// Called with mutex_ locked.
bool Freeze::nothing_goes_on() const {
  return phase_ == Phase::idle && (!thawing_ || thawing_->done);
}

std::optional<std::chrono::system_clock::time_point> Freeze::frozen_since() const {
  const Lock lock(mutex_);
  return frozen_since_;
}

Result<std::int64_t> Freeze::freeze(const Names& mountpoints) {
  if (auto begun = begin_freeze(); !begun) return std::unexpected(std::move(begun).error());
  auto frozen = freeze_named(mountpoints);
  end_phase();
  return frozen;
}

Result<void> Freeze::begin_freeze() {
  Lock lock(mutex_);
  const bool my_turn = changed_.wait_for(lock, turn_limit, [this] { return nothing_goes_on(); });
  if (!my_turn) return failure("another freeze or thaw is going on");
  if (end_.stop_requested()) return failure("the agent is about to end");
  if (frozen_) return failure("filesystems are frozen already");
  phase_ = Phase::freezing;
  stop_freezing_ = std::stop_source();
  over_limit_ = false;
  succeeded_ = false;
  freezing_.clear();
  lock.unlock();
  note_.take();  // whoever freezes anew does not believe in the freeze before
  return {};
}

void Freeze::end_phase() {
  {
    const Lock lock(mutex_);
    phase_ = Phase::idle;
  }
  changed_.notify_all();
}

Result<std::int64_t> Freeze::freeze_named(const Names& names) {
  if (auto hooked = run_hook("freeze", stop_freezing_.get_token()); !hooked) {
    return std::unexpected(std::move(hooked).error());
  }
  auto opened = open_chosen(names);
  if (!opened || opened->empty()) {
    tell_hook_thawed();
    if (!opened) return std::unexpected(std::move(opened).error());
    return 0;
  }
  if (auto watched = set_frozen(); !watched) return give_up(std::move(watched).error());
  auto count = freeze_all(*std::move(opened));
  if (!count) return give_up(std::move(count).error());
  if (*count == 0) {
    set_thawed();
    tell_hook_thawed();
  } else {
    restart_limit(options_.limit);
  }
  return count;
}

// The filesystems to freeze, in the order in which to do it. Nothing can be written to read-only
// ones.
Result<std::vector<platform::LocalFilesystem>> Freeze::choose(const Names& names) {
  auto all = filesystems_.list();
  if (!all) return all;
  std::set<std::string_view> named;
  if (names) named.insert(names->begin(), names->end());
  std::vector<platform::LocalFilesystem> chosen;
  for (platform::LocalFilesystem& one : std::views::reverse(*all)) {
    if (one.read_only || (names && !named.contains(one.mountpoint))) continue;
    chosen.push_back(std::move(one));
  }
  return chosen;
}

// Opens them all before the first one freezes: what cannot be reached is known in time.
Result<std::vector<Freeze::Held>> Freeze::open_chosen(const Names& names) {
  const auto chosen = choose(names);
  if (!chosen) return std::unexpected(chosen.error());
  std::vector<Held> opened;
  Unreachable unreachable;
  for (const platform::LocalFilesystem& one : *chosen) {
    if (stop_freezing_.stop_requested()) return given_up();
    note_freezing(one.mountpoint);
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
  if (auto gone = check_gone(unreachable); !gone) return std::unexpected(std::move(gone).error());
  return opened;
}

Result<std::int64_t> Freeze::freeze_all(std::vector<Held> opened) {
  std::int64_t count = 0;
  for (Held& one : opened) {
    if (stop_freezing_.stop_requested()) return given_up();
    note_freezing(one.mountpoint);
    const auto frozen = one.filesystem->freeze();
    if (!frozen) return std::unexpected(frozen.error());
    if (!*frozen) continue;
    ++count;
    const Lock lock(mutex_);
    held_.push_back(std::move(one));
  }
  if (!succeed()) return given_up();
  return count;
}

// False when the freeze has been given up. From then on its end is the business of others.
bool Freeze::succeed() {
  const Lock lock(mutex_);
  succeeded_ = !over_limit_ && !stop_freezing_.stop_requested();
  return succeeded_;
}

// An error about the first filesystem that could not be reached, unless all were unmounted
// meanwhile.
Result<void> Freeze::check_gone(const Unreachable& unreachable) {
  if (unreachable.empty()) return {};
  const auto now = filesystems_.list();
  if (!now) return std::unexpected(now.error());
  std::set<std::string_view> mounted;
  for (const platform::LocalFilesystem& one : *now) mounted.insert(one.mountpoint);
  for (const auto& [mountpoint, error] : unreachable) {
    if (mounted.contains(mountpoint)) return std::unexpected(error);
  }
  return {};
}

std::unexpected<Error> Freeze::given_up() const {
  const Lock lock(mutex_);
  if (over_limit_) {
    return failure("the freeze was given up: it was not done after {} s, '{}' does not answer",
                   seconds(options_.limit), freezing_);
  }
  return failure("the freeze was given up: guest-fsfreeze-thaw was called meanwhile");
}

// Undoes a freeze that failed half-way.
std::unexpected<Error> Freeze::give_up(Error error) {
  Thawing thawing;
  thaw_everything(thawing);
  if (thawing.error) warn(thawing.error->message);  // nobody else sees this Thawing
  return std::unexpected(std::move(error));
}

Result<std::int64_t> Freeze::thaw() {
  auto thawed = thaw_within_patience();
  if (!thawed) return thawed;
  if (const auto note = note_.take()) return failure("{}", *note);
  return thawed;
}

Result<std::int64_t> Freeze::thaw_within_patience() {
  Lock lock(mutex_);
  if (!thawing_ || thawing_->done) start_thaw(lock);
  const auto thawing = thawing_;
  changed_.wait_for(lock, options_.patience, [&] { return thawing->done; });
  return outcome(*thawing);
}

void Freeze::start_thaw(Lock& lock) {
  thawing_ = std::make_shared<Thawing>();
  thawing_->all_thawed = !frozen_ && phase_ == Phase::idle;
  try {
    // The thread before it, if any, has done its work and needs no lock to end.
    platform::start_quietly([this] {
      thaw_thread_ = std::jthread([this, thawing = thawing_] { finish_thaw(*thawing); });
    });
  } catch (const std::system_error&) {
    // No thread to be had: better late than frozen.
    const auto thawing = thawing_;
    lock.unlock();
    finish_thaw(*thawing);
    lock.lock();
  }
}

void Freeze::finish_thaw(Thawing& thawing) {
  Lock lock(mutex_);
  std::stop_source stop_freezing = stop_freezing_;
  const bool freezing = phase_ == Phase::freezing;
  lock.unlock();
  if (freezing) {
    stop_freezing.request_stop();
    thaw_held(thawing);  // the freeze may hang in the kernel: what it has done need not wait
  }
  lock.lock();
  changed_.wait(lock, [this] { return phase_ == Phase::idle; });
  phase_ = Phase::thawing;
  lock.unlock();
  thaw_everything(thawing);
  // The caller may have had its answer before the hook failed.
  if (thawing.error) warn(thawing.error->message);
  lock.lock();
  thawing.done = true;
  phase_ = Phase::idle;
  changed_.notify_all();
}

// What the agent froze comes first, then the hook, so that neither has to wait for a filesystem
// whose disk hangs. Only when it is not known what is frozen, all are tried before the hook.
void Freeze::thaw_everything(Thawing& thawing) {
  const bool inherited = frozen_ && inherited_;
  const bool known = thaw_held(thawing) || (frozen_ && !inherited);
  if (!known) thaw_others(thawing, inherited);
  {
    const Lock lock(mutex_);
    if (thawing.error) return;
    thawing.all_thawed = true;
  }
  set_thawed();
  for (const std::string& mountpoint : thawing.unreachable) {
    warn(fmt::format("'{}' could not be reached for the thaw and may be frozen still", mountpoint));
  }
  // Not stopped when the agent ends: what the hook has to wake up must not go on sleeping.
  auto hooked = run_hook("thaw", {});
  if (!hooked) {
    const Lock lock(mutex_);
    thawing.error = std::move(hooked).error();
  }
  if (known) thaw_others(thawing, false);
}

// Thaws what the agent holds, what was frozen last first, and lets go of what has thawed. False
// when it held nothing.
bool Freeze::thaw_held(Thawing& thawing) {
  std::vector<Held> held;
  {
    const Lock lock(mutex_);
    held = held_;
  }
  std::set<std::shared_ptr<platform::Filesystem>> done;
  for (auto& one : std::views::reverse(held)) {
    note_thawing(one.mountpoint);
    const auto thawed = one.filesystem->thaw();
    tally(thawing, thawed, true);
    if (thawed) done.insert(std::move(one.filesystem));
  }
  const Lock lock(mutex_);
  std::erase_if(held_, [&](const Held& one) { return done.contains(one.filesystem); });
  return !held.empty();
}

// Thaws whatever else is mounted. A filesystem that cannot be opened is passed over, and noted
// where what is frozen is not known.
void Freeze::thaw_others(Thawing& thawing, bool errors_count) {
  const auto all = filesystems_.list();
  if (!all) {
    tally(thawing, std::unexpected(all.error()), true);
    return;
  }
  for (const platform::LocalFilesystem& one : *all) {
    note_thawing(one.mountpoint);
    const auto filesystem = filesystems_.open(one);
    if (filesystem && *filesystem) {
      tally(thawing, (*filesystem)->thaw(), errors_count);
    } else if (errors_count) {
      thawing.unreachable.push_back(one.mountpoint);
    }
  }
}

void Freeze::note_freezing(const std::string& mountpoint) {
  const Lock lock(mutex_);
  freezing_ = mountpoint;
}

void Freeze::note_thawing(const std::string& mountpoint) {
  const Lock lock(mutex_);
  thawing_mountpoint_ = mountpoint;
}

void Freeze::tally(Thawing& thawing, const Result<bool>& thawed, bool errors_count) {
  const Lock lock(mutex_);
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

// For a freeze that came to nothing after the hook had prepared for it.
void Freeze::tell_hook_thawed() const {
  if (auto hooked = run_hook("thaw", {}); !hooked) warn(hooked.error().message);
}

// Fails when nobody would end the freeze at its limit.
Result<void> Freeze::set_frozen() {
  if (!std::ofstream(options_.state_file)) {
    warn(fmt::format("unable to create {}, fsfreeze may not function properly",
                     options_.state_file.string()));
  }
  {
    const Lock lock(mutex_);
    frozen_since_ = std::chrono::system_clock::now();
    frozen_ = true;
  }
  if (options_.on_change) options_.on_change(true);
  return start_limit(options_.limit);
}

void Freeze::set_thawed() {
  {
    const Lock lock(mutex_);
    if (!frozen_) return;
    frozen_since_.reset();
    inherited_ = false;
    frozen_ = false;
  }
  static_cast<void>(limit_timer_.cancel());
  std::error_code error;
  std::filesystem::remove(options_.state_file, error);
  if (options_.on_change) options_.on_change(false);
  if (error) {
    warn(fmt::format("unable to delete {}, fsfreeze may not function properly",
                     options_.state_file.string()));
  }
}

void Freeze::limit_inherited() {
  if (!is_frozen()) return;
  if (due_) return go_on_to(*due_);
  const auto since = frozen_since().value_or(std::chrono::system_clock::now());
  // A clock that was set meanwhile must not make it longer than the limit.
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now() - since);
  const auto none = std::chrono::milliseconds(0);
  restart_limit(options_.limit - std::clamp(age, none, options_.limit));
}

void Freeze::go_on_to(TimePoint due) {
  due_.reset();
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
  if (limit_timer_.set(std::max(left, std::chrono::milliseconds(0)))) return;
  warn("cannot watch the freeze's limit: no thread is to be had");
}

Result<void> Freeze::start_limit(std::chrono::milliseconds from_now) {
  if (options_.limit.count() == 0 || limit_timer_.set(from_now)) return {};
  return failure("cannot watch the freeze's limit: no thread is to be had");
}

// For a freeze that is there whether it can be watched or not.
void Freeze::restart_limit(std::chrono::milliseconds from_now) {
  if (auto watched = start_limit(from_now); !watched) warn(watched.error().message);
}

// The host has not ended the freeze in time, or never will.
void Freeze::end_by_itself() {
  {
    const Lock lock(mutex_);
    if (!frozen_) return;
    if (phase_ == Phase::freezing && !succeeded_) {
      over_limit_ = true;  // the caller of freeze() gets an error
    } else {
      note_.set(ended_by_itself());
    }
  }
  const auto thawed = thaw_within_patience();
  if (is_frozen()) {
    warn(thawed ? "the freeze goes on" : thawed.error().message);
    restart_limit(options_.next_try);
    return;
  }
  if (const auto note = note_.text()) {
    note_.keep();
    warn(*note);
  }
}

// Called with mutex_ locked.
std::string Freeze::ended_by_itself() const {
  const SystemTime now = std::chrono::system_clock::now();
  return fmt::format(
      "the freeze that began at {} ended by itself at {}, at the limit of {} s: what was copied "
      "after that may be inconsistent",
      as_text(frozen_since_.value_or(now)), as_text(now), seconds(options_.limit));
}

void Freeze::warn(std::string_view message) const {
  if (options_.warn) options_.warn(message);
}

}  // namespace bellhop::state
