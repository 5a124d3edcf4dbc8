// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "platform/machine/random.h"
#include "state/freeze/freeze_selection.h"

namespace bellhop::state {
namespace {

using std::chrono::milliseconds;

// How long a freeze waits for a running freeze or thaw. Shorter than the timeout of clients.
constexpr std::chrono::seconds turn_timeout{4};

constexpr std::string_view freeze_record = "freeze";

constexpr std::size_t token_bytes = 16;

// From before the freeze hooks run until the thaw hooks have run, they are owed.
FreezeOptions with_owed_hooks(FreezeOptions options, OwedHooks& owed) {
  options.hook = [hook = std::move(options.hook), &owed](
                     std::string_view action, const std::stop_token& stop) -> Result<void> {
    if (action == "freeze") TRY(owed.owe());
    auto result = hook(action, stop);
    if (action == "thaw" || !result) owed.forget();
    return result;
  };
  return options;
}

}  // namespace

Freeze::Freeze(platform::Filesystems& filesystems, FreezeOptions options,
               std::optional<platform::InheritedFreeze> inherited)
    : filesystems_(filesystems),
      owed_hooks_(options.directory),
      options_(with_owed_hooks(std::move(options), owed_hooks_)),
      notice_(options_.directory),
      frozen_(filesystems_, options_,
              [this](auto what, auto since) { on_guard_change({.what = what, .since = since}); }) {
  learn_from_notice();
  if (!inherited) return;
  frozen_.inherit(*std::move(inherited));
}

// A change of the guard adds a task as long as it is watched.
Freeze::~Freeze() {
  thread_.wait();
  frozen_.stop_watching();
}

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
  if (idle && is_frozen()) {
    static_cast<void>(thaw_within_timeout({.force = true}));
  }
  return idle && !is_frozen();
}

bool Freeze::is_idle() const {
  const MutexLock lock(mutex_);
  return is_idle_locked();
}

bool Freeze::is_idle_locked() const {
  return !freezing_ && !thaw_;
}

Result<std::int64_t> Freeze::freeze(const MountpointNames& mountpoints) {
  TRY_ASSIGN(const FreezeReport report, freeze(FreezeRequest{.mountpoints = mountpoints}));
  return report.frozen();
}

Result<FreezeReport> Freeze::freeze(const FreezeRequest& request) {
  TRY(check_mountpoints(filesystems_, request.mountpoints));
  FreezeReport report{.limit = request.limit.value_or(options_.timeout)};
  if (request.owned) {
    TRY_ASSIGN(report.token, platform::random_hex(token_bytes));
  }
  MutexLock lock(mutex_);
  const bool has_turn = changed_.wait_for(mutex_, turn_timeout,
                                          [this]() REQUIRES(mutex_) { return is_idle_locked(); });
  if (!has_turn) return failure("another freeze or thaw is going on");
  if (ending_) return failure("the agent is about to end");
  if (is_frozen()) return failure("filesystems are frozen already");
  freezing_ = Freezing{.limit = report.limit, .owned = request.owned};
  const std::stop_token stop = freezing_->stop_hook.get_token();
  lock.unlock();
  learn_from_notice();
  notice_.consume();  // a new freeze supersedes an unreported auto-thaw
  const auto result = run_freeze(request, report, stop);
  if (result && report.frozen() > 0) return report;  // commit() has ended the freezing phase
  lock.lock();
  freezing_.reset();
  changed_.notify_all();
  if (!result) return std::unexpected(result.error());
  report.token.clear();
  return report;
}

Result<void> Freeze::run_freeze(const FreezeRequest& request, FreezeReport& report,
                                const std::stop_token& stop) {
  TRY(options_.hook("freeze", stop));
  auto result = freeze_named(request, report);
  if (!result && is_frozen()) {
    Thaw(filesystems_, frozen_, options_).run([](const auto&) {});
  } else if (!result || report.frozen() == 0) {
    frozen_.cancel();
    if (auto hooked = options_.hook("thaw", {}); !hooked) options_.warn(hooked.error().message);
  }
  return result;
}

Result<void> Freeze::freeze_named(const FreezeRequest& request, FreezeReport& report) {
  TRY_ASSIGN(const auto opened, open_named(request, report));
  if (opened.empty()) return {};
  TRY(frozen_.begin(opened, {.limit = report.limit, .token = report.token}));
  auto entry = opened.begin();
  for (FilesystemReport& one : report.filesystems) {
    if (one.reason) continue;  // not opened
    TRY(proceed_to(one.mountpoint));
    TRY(freeze_one(*entry++, request.policy, one));
  }
  return report.frozen() > 0 ? commit() : proceed_to({});  // fail if the freeze was aborted
}

// Fails if the policy does not allow to skip the filesystem.
Result<void> Freeze::freeze_one(const FrozenSet::Entry& entry, FreezePolicy policy,
                                FilesystemReport& report) {
  using platform::FreezeOutcome;
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = FrozenSet::freeze(entry);
  report.milliseconds =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin).count();
  if (!outcome) {
    report.reason = outcome.error().message;
    if (policy != FreezePolicy::best_effort) return std::unexpected(outcome.error());
    return {};
  }
  report.frozen = *outcome == FreezeOutcome::frozen;
  if (report.frozen) return {};
  report.reason = *outcome == FreezeOutcome::unsupported ? "its type cannot be frozen"
                                                         : "another program has frozen it";
  if (policy != FreezePolicy::strict) return {};
  return failure("cannot freeze '{}': {}", entry.mountpoint, *report.reason);
}

// Opens the filesystems to freeze, in freezing order, and warns about others that the client may
// expect to be frozen.
Result<std::vector<FrozenSet::Entry>> Freeze::open_named(const FreezeRequest& request,
                                                         FreezeReport& report) {
  FreezeRules rules = options_.rules;
  if (request.policy != FreezePolicy::as_qemu_ga) {
    rules.skip_hidden = rules.skip_unopened = request.policy == FreezePolicy::best_effort;
  }
  TRY_ASSIGN(auto selected, select_filesystems(filesystems_, rules, request.mountpoints,
                                               [this](const std::string& mountpoint) {
                                                 return proceed_to(mountpoint);
                                               }));
  std::vector<FrozenSet::Entry> opened;
  for (SelectedFilesystem& one : selected) {
    FilesystemReport& reported = report.filesystems.emplace_back();
    reported.mountpoint = one.mountpoint;
    if (one.filesystem) {
      opened.push_back({.mountpoint = one.mountpoint, .filesystem = std::move(one.filesystem)});
      continue;
    }
    if (!one.is_expected) {
      options_.warn(
          fmt::format("the filesystem at '{}' is not frozen: {}", one.mountpoint, one.why));
    }
    reported.reason = std::move(one.why);
  }
  return opened;
}

std::string Freeze::Freezing::limit_passed() const {
  const std::string text =
      fmt::format("it was not done after {} s", std::chrono::duration<double>(limit).count());
  return mountpoint.empty() ? text : fmt::format("{}, '{}' does not answer", text, mountpoint);
}

// Fails if the freeze was aborted.
Result<void> Freeze::proceed_to(const std::string& mountpoint) {
  const MutexLock lock(mutex_);
  if (frozen_.has_expired()) freezing_->abort(freezing_->limit_passed());
  TRY(freezing_->check_aborted());
  freezing_->mountpoint = mountpoint;
  return {};
}

// Ends the freezing phase, unless the freeze was aborted. After it, only a thaw or the auto-thaw
// ends the freeze.
Result<void> Freeze::commit() {
  TRY(proceed_to({}));
  const MutexLock lock(mutex_);
  TRY(freezing_->check_aborted());
  frozen_.end_freezing(true);
  freezing_.reset();
  changed_.notify_all();
  return {};
}

Result<void> Freeze::Freezing::check_aborted() const {
  if (abort_reason.empty()) return {};
  return failure("the freeze was given up: {}", abort_reason);
}

void Freeze::Freezing::abort(std::string reason) {
  if (abort_reason.empty()) abort_reason = std::move(reason);
  stop_hook.request_stop();
}

Result<std::int64_t> Freeze::thaw(const ThawRequest& request) {
  auto thawed = thaw_within_timeout(request);
  if (!request.token) {
    if (!thawed) return thawed;
    if (const auto notice = notice_.consume()) return failure("{}", *notice);
    return thawed;
  }
  const auto notice = learn_from_notice();
  const bool is_told = notice && !notice->owner.empty() && notice->owner == request.token;
  if (is_told) notice_.consume();
  if (!thawed) return thawed;
  const FreezeStatus now = status(request.token);
  if (now.is_owner) return failure("the thaw goes on: it is about to end; call again");
  if (!now.ended || now.ended->how == FreezeEnd::owner) return thawed;
  return token_failure(&*now.ended);
}

std::optional<platform::FreezeNotice> Freeze::learn_from_notice() {
  if (!notice_.load()) return std::nullopt;
  auto notice = notice_.notice();
  if (notice) {
    frozen_.add({.token = notice->owner, .when = notice->ended, .message = notice->text});
  }
  return notice;
}

// Whether a thaw may begin or be joined, and as what. nullopt if the freeze has already ended as
// the request wants it.
Result<std::optional<ThawCause>> Freeze::admit_thaw(const ThawRequest& request) const {
  const FreezeStatus now = status(request.token);
  if (now.is_owner) return ThawCause{.how = FreezeEnd::owner, .by = request.by};
  if (request.force) return ThawCause{.how = FreezeEnd::client, .by = request.by};
  if (request.token) {
    if (now.ended && now.ended->how == FreezeEnd::owner) return std::nullopt;
    return token_failure(now.ended ? &*now.ended : nullptr);
  }
  if (freezing_ && freezing_->owned) {
    return failure("another client freezes filesystems, and only it or force ends that");
  }
  if (now.owned) {
    return failure(
        "filesystems have been frozen since {} by a client with a token: pass the token, or force",
        platform::freeze_time(*now.since));
  }
  return ThawCause{.how = FreezeEnd::client, .by = request.by};
}

Result<std::int64_t> Freeze::thaw_within_timeout(const ThawRequest& request) {
  MutexLock lock(mutex_);
  TRY_ASSIGN(auto cause, admit_thaw(request));
  if (!cause) return 0;
  bool runs = true;
  if (!thaw_) {
    thaw_ = std::make_shared<Thaw>(filesystems_, frozen_, options_, freezing_.has_value(),
                                   *std::move(cause));
    runs = thread_.run([this] { run_thaw({}); });
  }
  const auto thaw = thaw_;
  if (!runs) {  // no thread: a slow reply is better than a guest that stays frozen
    lock.unlock();
    run_thaw({});
    lock.lock();
  }
  changed_.wait_for(mutex_, options_.reply_timeout,
                    [&]() REQUIRES(mutex_) { return thaw_ != thaw; });
  return thaw->result();
}

void Freeze::on_guard_change(GuardChange change) {
  using enum FrozenSet::Change;
  if (thread_.run([this, change] { run_thaw(change); })) return;
  // No thread can be started. After `expired` comes `ended`; a guard that is gone is not replaced
  // on this thread, which reads its events.
  if (change.what != expired) run_thaw(GuardChange{.what = ended, .since = change.since});
}

// Replaces a guard that is gone. False if the freeze must end.
bool Freeze::keep_guarded(FrozenSet::Change change) {
  if (change != FrozenSet::Change::lost) return false;
  const auto replaced = frozen_.replace_guard();
  options_.warn(replaced ? "the guard of the freeze was gone; there is a new one"
                         : replaced.error().message);
  return replaced.has_value();
}

// Runs the requested thaw or what the guard's `change` requires. After an auto-thaw the next thaw()
// returns an error, unless the freeze itself does.
void Freeze::run_thaw(std::optional<GuardChange> change) {
  MutexLock lock(mutex_);
  const bool by_itself = change && !thaw_ && frozen_since() == change->since;
  if (by_itself) thaw_ = std::make_shared<Thaw>(filesystems_, frozen_, options_);
  const auto thaw = thaw_;
  if (!thaw) return;
  const bool committed = !freezing_;
  if (freezing_) {
    const std::string mountpoint = freezing_->mountpoint;
    freezing_->abort(!by_itself ? "guest-fsfreeze-thaw was called meanwhile"
                     : change->what == FrozenSet::Change::expired ? freezing_->limit_passed()
                                                                  : "its guard has ended");
    lock.unlock();
    thaw->thaw_frozen(mountpoint);
    lock.lock();
    changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return !freezing_; });
  }
  lock.unlock();
  if (by_itself && committed && keep_guarded(change->what)) return finish(thaw);
  thaw->run([&](const std::optional<EndedFreeze>& ended) {
    if (!ended || ended->how != FreezeEnd::itself || !committed) return;
    // The guard may have written why, but not sent it.
    if (const auto notice = learn_from_notice(); notice && notice->text != ended->message) return;
    notice_.set({.text = ended->message, .owner = ended->token, .ended = ended->when});
    options_.warn(ended->message);
    if (const auto kept = notice_.persist(); !kept) options_.warn(kept.error().message);
  });
  finish(thaw);
}

void Freeze::run_owed_hooks() {
  MutexLock lock(mutex_);
  const auto thaw = thaw_;
  lock.unlock();
  options_.warn("the agent before this one did not run the thaw hooks: they run now");
  thaw->run_hook();
  if (const auto end = thaw->result(); !end) options_.warn(end.error().message);
  runs_owed_hooks_ = false;
  finish(thaw);
}

void Freeze::finish(const std::shared_ptr<Thaw>& thaw) {
  const MutexLock lock(mutex_);
  if (thaw_ == thaw) thaw_.reset();
  changed_.notify_all();
}

void Freeze::start() {
  if (const auto since = frozen_since()) {
    if (!frozen_.watch()) on_guard_change({.what = FrozenSet::Change::lost, .since = *since});
    return;
  }
  const MutexLock lock(mutex_);
  if (!owed_hooks_.owed() || thaw_ || freezing_) return;
  thaw_ = std::make_shared<Thaw>(filesystems_, frozen_, options_);
  runs_owed_hooks_ = thread_.run([this] { run_owed_hooks(); });
  if (!runs_owed_hooks_) thaw_.reset();
}

bool Freeze::snapshot(SnapshotWriter& writer) {
  const MutexLock lock(mutex_);
  if (!is_idle_locked() || (is_frozen() && frozen_.has_expired())) return false;
  writer.begin(freeze_record);
  if (const auto notice = notice_.notice()) writer.text("note", notice->text);
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
  if (const auto notice = record.text("note")) notice_.set({.text = std::string(*notice)});
  frozen_.restore(record, snapshot);
}

}  // namespace bellhop::state
