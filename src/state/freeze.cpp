#include "state/freeze.h"

#include <algorithm>
#include <fstream>
#include <ranges>
#include <system_error>
#include <utility>

namespace bellhop::state {
namespace {

// How long a freeze waits for the thaw before it to end: shorter than clients wait.
constexpr std::chrono::seconds turn_limit{4};

bool was_killed(const Error& error) {
  return error.system == std::errc::timed_out || error.system == std::errc::operation_canceled;
}

Error given_up() {
  return Error{.message = "the freeze was given up: guest-fsfreeze-thaw was called meanwhile"};
}

}  // namespace

Freeze::Freeze(platform::Filesystems& filesystems, FreezeOptions options)
    : filesystems_(filesystems), options_(std::move(options)) {
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
  return changed_.wait_for(lock, patience, [this] { return is_at_rest(); });
}

bool Freeze::is_at_rest() const {
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
  const bool my_turn = changed_.wait_for(
      lock, turn_limit, [this] { return phase_ == Phase::idle && (!thawing_ || thawing_->done); });
  if (!my_turn) return failure("another freeze or thaw is going on");
  if (frozen_) return failure("filesystems are frozen already");
  phase_ = Phase::freezing;
  stop_freezing_ = std::stop_source();
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
    // A hook that failed by itself has cleaned up or does not want to; a killed one could not.
    if (was_killed(hooked.error())) tell_hook_thawed();
    return std::unexpected(std::move(hooked).error());
  }
  auto mountpoints = choose(names);
  if (!mountpoints || mountpoints->empty()) {
    tell_hook_thawed();
    if (!mountpoints) return std::unexpected(std::move(mountpoints).error());
    return 0;
  }
  set_frozen();
  auto count = freeze_mountpoints(*mountpoints);
  if (!count) return give_up(std::move(count).error());
  if (*count == 0) {
    set_thawed();
    tell_hook_thawed();
  }
  return count;
}

// The mountpoints to freeze, in the order in which to do it: what is mounted last lies, if at all,
// upon what was mounted before.
Result<std::vector<std::string>> Freeze::choose(const Names& names) {
  auto mountpoints = filesystems_.mountpoints();
  if (!mountpoints) return mountpoints;
  std::ranges::reverse(*mountpoints);
  if (names) {
    std::erase_if(*mountpoints, [&](const std::string& mountpoint) {
      return std::ranges::find(*names, mountpoint) == names->end();
    });
  }
  return mountpoints;
}

Result<std::int64_t> Freeze::freeze_mountpoints(const std::vector<std::string>& mountpoints) {
  std::int64_t count = 0;
  for (const std::string& mountpoint : mountpoints) {
    if (stop_freezing_.stop_requested()) break;
    const auto frozen = freeze_one(mountpoint);
    if (!frozen) return std::unexpected(frozen.error());
    if (*frozen) ++count;
  }
  if (stop_freezing_.stop_requested()) return std::unexpected(given_up());
  return count;
}

Result<bool> Freeze::freeze_one(const std::string& mountpoint) {
  {
    const Lock lock(mutex_);
    freezing_ = mountpoint;
  }
  auto filesystem = filesystems_.open(mountpoint);
  if (!filesystem) return std::unexpected(std::move(filesystem).error());
  const auto frozen = (*filesystem)->freeze();
  if (frozen && *frozen) {
    const Lock lock(mutex_);
    held_.push_back({.mountpoint = mountpoint, .filesystem = *std::move(filesystem)});
  }
  return frozen;
}

// Undoes a freeze that failed half-way.
std::unexpected<Error> Freeze::give_up(Error error) {
  Thawing thawing;
  thaw_everything(thawing);
  if (thawing.error) warn(thawing.error->message);  // nobody else sees this Thawing
  return std::unexpected(std::move(error));
}

Result<std::int64_t> Freeze::thaw() {
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
    thaw_thread_ = std::jthread([this, thawing = thawing_] { finish_thaw(*thawing); });
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
  const bool known = thaw_held(thawing);
  if (!known) thaw_others(thawing, frozen_ && inherited_);
  {
    const Lock lock(mutex_);
    if (thawing.error) return;
    thawing.all_thawed = true;
  }
  set_thawed();
  auto hooked = run_hook("thaw", end_.get_token());
  if (!hooked) {
    const Lock lock(mutex_);
    thawing.error = std::move(hooked).error();
  }
  if (known) thaw_others(thawing, false);
}

// Thaws what the agent holds, in the order of mounting, and lets go of what has thawed. False when
// it held nothing.
bool Freeze::thaw_held(Thawing& thawing) {
  std::vector<Held> held;
  {
    const Lock lock(mutex_);
    held = held_;
  }
  for (auto& one : std::views::reverse(held)) {
    note_thawing(one.mountpoint);
    const auto thawed = one.filesystem->thaw();
    tally(thawing, thawed, true);
    if (!thawed) continue;
    const Lock lock(mutex_);
    std::erase_if(held_, [&](const Held& h) { return h.filesystem == one.filesystem; });
  }
  return !held.empty();
}

// Thaws whatever else is mounted. A filesystem that cannot be opened is passed over.
void Freeze::thaw_others(Thawing& thawing, bool errors_count) {
  const auto mountpoints = filesystems_.mountpoints();
  if (!mountpoints) {
    tally(thawing, std::unexpected(mountpoints.error()), true);
    return;
  }
  for (const std::string& mountpoint : *mountpoints) {
    note_thawing(mountpoint);
    const auto filesystem = filesystems_.open(mountpoint);
    if (filesystem) tally(thawing, (*filesystem)->thaw(), errors_count);
  }
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
    return failure("the thaw goes on: '{}' does not answer; call again",
                   phase_ == Phase::freezing ? freezing_ : thawing_mountpoint_);
  }
  return thawing.count;
}

Result<void> Freeze::run_hook(std::string_view action, const std::stop_token& stop) const {
  return options_.hook ? options_.hook(action, stop) : Result<void>();
}

// For a freeze that came to nothing after the hook had prepared for it.
void Freeze::tell_hook_thawed() const {
  if (auto hooked = run_hook("thaw", end_.get_token()); !hooked) warn(hooked.error().message);
}

void Freeze::set_frozen() {
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
}

void Freeze::set_thawed() {
  {
    const Lock lock(mutex_);
    if (!frozen_) return;
    frozen_since_.reset();
    inherited_ = false;
    frozen_ = false;
  }
  std::error_code error;
  std::filesystem::remove(options_.state_file, error);
  if (options_.on_change) options_.on_change(false);
  if (error) {
    warn(fmt::format("unable to delete {}, fsfreeze may not function properly",
                     options_.state_file.string()));
  }
}

void Freeze::warn(std::string_view message) const {
  if (options_.warn) options_.warn(message);
}

}  // namespace bellhop::state
