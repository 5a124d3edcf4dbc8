// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/frozen_set.h"

#include <algorithm>
#include <filesystem>
#include <ranges>
#include <system_error>
#include <utility>

#include "base/path.h"
#include "platform/process/threads.h"

namespace bellhop::state {

using Kind = platform::GuardEvent::Kind;

namespace {

// What the owner of a freeze gets to read about its end.
std::string describe(const EndedFreeze& ended, FrozenSet::Time since) {
  using platform::freeze_thawed;
  switch (ended.how) {
    case FreezeEnd::owner:
      return freeze_thawed(since, "with its token, by a client on " + ended.by);
    case FreezeEnd::client:
      return freeze_thawed(since, "by another client, on " + ended.by);
    case FreezeEnd::itself:
      break;
  }
  return platform::freeze_notice(since, "because it had no guard");
}

}  // namespace

FrozenSet::FrozenSet(platform::Filesystems& filesystems, const FreezeOptions& options,
                     std::function<void(Change, Time since)> on_change)
    : filesystems_(filesystems), options_(options), on_change_(std::move(on_change)) {}

FrozenSet::~FrozenSet() {
  stop_watching();
}

std::optional<FrozenSet::Time> FrozenSet::since() const {
  const MutexLock lock(mutex_);
  return since_;
}

FreezeStatus FrozenSet::status(std::optional<std::string_view> token) const {
  const MutexLock lock(mutex_);
  FreezeStatus status{.since = since_};
  if (since_) {
    status.remaining = remaining();
    status.owned = !terms_.token.empty();
  }
  if (!token) return status;
  status.is_owner = is_owner(*token);
  if (const auto* const ended = ended_freezes_.find(*token)) status.ended = *ended;
  return status;
}

// The token of a freeze that is not complete is not known to a client.
bool FrozenSet::is_owner(std::string_view token) const {
  return since_ && settled_ && succeeded_ && !token.empty() && token == terms_.token;
}

std::optional<std::chrono::milliseconds> FrozenSet::remaining() const {
  using std::chrono::milliseconds;
  if (!deadline_) return std::nullopt;
  const auto left = std::chrono::duration_cast<milliseconds>(*deadline_ - platform::boot_time());
  return std::max(left, milliseconds(0));
}

void FrozenSet::begin_limit() {
  deadline_.reset();
  if (terms_.limit.count() > 0) deadline_ = platform::boot_time() + terms_.limit;
}

bool FrozenSet::has_expired() const {
  const MutexLock lock(mutex_);
  return expired_;
}

std::string FrozenSet::thawing() const {
  const MutexLock lock(mutex_);
  return thawing_;
}

void FrozenSet::inherit(platform::InheritedFreeze freeze) {
  const MutexLock lock(mutex_);
  since_ = freeze.since;
  guard_ = std::move(freeze.guard);
  terms_ = {.limit = freeze.limit, .token = std::move(freeze.owner)};
  deadline_ = freeze.deadline;
  settled_ = succeeded_ = true;
}

void FrozenSet::add(EndedFreeze freeze) {
  const MutexLock lock(mutex_);
  ended_freezes_.add(std::move(freeze));
}

Result<void> FrozenSet::watch() {
  Guard guard;
  {
    const MutexLock lock(mutex_);
    if (!since_) return {};
    guard = guard_;
  }
  if (!guard) return failure("the freeze has no guard");
  return use(std::move(guard));
}

// Reads the events of this guard from now on.
Result<void> FrozenSet::use(Guard guard) {
  stop_watching();
  {
    const MutexLock lock(mutex_);
    guard_ = guard;
    reads_ = true;
  }
  auto reader = platform::start_thread("bellhop-guard",
                                       [this, guard = std::move(guard)] { read_events(*guard); });
  if (!reader) {
    // Without its events the guard is of no use. It keeps the limit.
    const MutexLock lock(mutex_);
    guard_.reset();
    reads_ = false;
    return std::unexpected(std::move(reader).error());
  }
  reader_ = *std::move(reader);
  return {};
}

void FrozenSet::stop_watching() {
  if (!reader_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    reads_ = false;
    if (guard_) guard_->interrupt();
    changed_.notify_all();
  }
  reader_.join();
}

platform::GuardRequest FrozenSet::request(const std::vector<Entry>& entries,
                                          FreezeTerms terms) const {
  platform::GuardRequest request{.directory = options_.directory,
                                 .limit = terms.limit,
                                 .retry_interval = options_.retry_interval,
                                 .owner = std::move(terms.token)};
  for (const Entry& one : entries) {
    request.filesystems.push_back(
        {.mountpoint = one.mountpoint, .filesystem = one.filesystem.get()});
  }
  return request;
}

Result<void> FrozenSet::begin(std::vector<Entry> entries, FreezeTerms terms) {
  TRY_ASSIGN(Guard guard, filesystems_.start_guard(request(entries, terms)));
  {
    const MutexLock lock(mutex_);
    since_ = Time::clock::now();
    entries_ = std::move(entries);
    terms_ = std::move(terms);
    begin_limit();
    settled_ = succeeded_ = expired_ = ended_ = false;
    notice_.reset();
  }
  options_.on_change(true);
  return use(std::move(guard));
}

void FrozenSet::end_freezing(bool success) {
  const MutexLock lock(mutex_);
  if (std::exchange(settled_, true)) return;
  succeeded_ = success;
  if (success) begin_limit();
  if (!guard_) return;
  if (success) {
    guard_->all_frozen(terms_.limit);
  } else {
    guard_->freezing_failed();
  }
}

Result<std::chrono::milliseconds> FrozenSet::renew(std::string_view token,
                                                   std::optional<std::chrono::milliseconds> limit) {
  const MutexLock lock(mutex_);
  if (!is_owner(token)) return token_failure(ended_freezes_.find(token));
  if (expired_) return failure("the limit of the freeze has passed: it ends now");
  if (guard_ && !guard_->takes_requests()) {
    return failure("the guard of the freeze cannot be reached: its limit stays");
  }
  if (limit) terms_.limit = *limit;
  begin_limit();
  // A guard that is gone is replaced by one with this limit.
  if (guard_) guard_->renew(terms_.limit);
  return terms_.limit;
}

Result<void> FrozenSet::replace_guard() {
  std::vector<Entry> entries;
  platform::GuardRequest guarded;
  {
    const MutexLock lock(mutex_);
    if (!since_ || guard_) return {};
    entries = entries_;
    guarded = request(entries, terms_);
    guarded.remaining = remaining();
  }
  TRY_ASSIGN(Guard guard, filesystems_.replace_guard(guarded));
  return use(std::move(guard));
}

// Runs on its own thread until the guard has ended or is gone.
void FrozenSet::read_events(platform::FreezeGuard& guard) {
  MutexLock lock(mutex_);
  while (reads_) {
    auto event = guard.next();
    if (!event) {
      lock.unlock();
      guard.wait();
      lock.lock();
      continue;
    }
    ++events_;
    const bool last = event->kind == Kind::ended || event->kind == Kind::lost;
    std::string warning;
    if (event->kind == Kind::warning) warning = event->text;
    if (event->kind == Kind::pass && requests_ == 0) warning = event->text;
    const auto since = since_;
    const auto change = apply(*std::move(event));
    changed_.notify_all();
    lock.unlock();
    if (!warning.empty()) options_.warn(warning);
    if (change && since) on_change_(*change, *since);
    if (last) return;
    lock.lock();
  }
}

std::optional<FrozenSet::Change> FrozenSet::apply(platform::GuardEvent event) {
  switch (event.kind) {
    case Kind::thawing:
      thawing_ = std::move(event.text);
      break;
    case Kind::warning:
      break;
    case Kind::expired:
      expired_ = true;
      return Change::expired;
    case Kind::pass:
    case Kind::ended:
      thawing_.clear();
      pass_request_ = event.request;
      pass_count_ = event.count;
      if (event.kind == Kind::pass) {
        pass_error_ = std::move(event.text);
        break;
      }
      pass_error_.clear();
      if (!event.text.empty()) notice_ = std::move(event.text);
      ended_ = true;
      guard_.reset();
      if (requests_ == 0) return Change::ended;
      break;
    case Kind::lost:
      thawing_.clear();
      guard_.reset();
      if (requests_ == 0) return Change::lost;
      break;
  }
  return std::nullopt;
}

Result<std::int64_t> FrozenSet::thaw() {
  MutexLock lock(mutex_);
  if (!since_) return 0;
  if (ended_) return pass_count_;
  if (!guard_ || !guard_->takes_requests()) {
    lock.unlock();
    return thaw_without_guard();
  }
  // Grows also over a live upgrade.
  const std::int64_t number = std::chrono::steady_clock::now().time_since_epoch().count();
  ++requests_;
  const std::uint64_t events = events_;
  guard_->thaw(number);
  const bool answers = changed_.wait_for(mutex_, options_.guard_timeout, [&]() REQUIRES(mutex_) {
    return events_ != events || !reads_;
  });
  if (!answers) {
    --requests_;
    lock.unlock();
    options_.warn("the guard of the freeze does not answer: the agent thaws");
    return thaw_without_guard();
  }
  changed_.wait(mutex_,
                [&]() REQUIRES(mutex_) { return pass_request_ >= number || !guard_ || !reads_; });
  --requests_;
  if (!reads_) return failure("the agent is about to end");
  if (!guard_ && !ended_) {
    lock.unlock();
    return thaw_without_guard();
  }
  if (!pass_error_.empty()) return failure("{}", pass_error_);
  return pass_count_;
}

// The last resort: the agent has no guard and cannot start one.
Result<std::int64_t> FrozenSet::thaw_without_guard() {
  std::vector<Entry> entries;
  {
    const MutexLock lock(mutex_);
    entries = entries_;
  }
  std::int64_t count = 0;
  std::optional<Error> error;
  const auto thaw = [&](platform::Filesystem& filesystem) {
    auto thawed = filesystem.thaw();
    if (thawed) {
      count += *thawed ? 1 : 0;
    } else if (!error) {
      error = std::move(thawed).error();
    }
  };
  for (const Entry& one : std::views::reverse(entries)) thaw(*one.filesystem);
  TRY_ASSIGN(const auto all, filesystems_.list());
  for (const platform::LocalFilesystem& one : all) {
    const auto filesystem = filesystems_.open(one);
    if (filesystem && *filesystem) {
      thaw(**filesystem);
    } else {
      options_.warn(fmt::format("'{}' could not be reached for the thaw and may be frozen still",
                                one.mountpoint));
    }
  }
  if (error) return std::unexpected(*error);
  std::error_code ignored;
  std::filesystem::remove(path_from_utf8(options_.directory) / platform::freeze_mark_name, ignored);
  return count;
}

std::optional<EndedFreeze> FrozenSet::end(FreezeEnd how, std::string by) {
  std::optional<EndedFreeze> ended;
  {
    const MutexLock lock(mutex_);
    if (!since_) return std::nullopt;
    if (notice_) how = FreezeEnd::itself;
    ended = {.token = std::exchange(terms_.token, {}),
             .how = how,
             .when = Time::clock::now(),
             .by = how == FreezeEnd::itself ? std::string() : std::move(by)};
    ended->message = notice_ ? *std::exchange(notice_, std::nullopt) : describe(*ended, *since_);
    if (succeeded_) ended_freezes_.add(*ended);
    since_.reset();
    entries_.clear();
    settled_ = true;
    expired_ = false;  // it would end the next freeze
  }
  options_.on_change(false);
  return ended;
}

void FrozenSet::cancel() {
  {
    const MutexLock lock(mutex_);
    if (!since_) return;
    ++requests_;
    if (guard_) guard_->cancel();
    changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return !guard_ || !reads_; });
    --requests_;
  }
  end();
}

void FrozenSet::snapshot(SnapshotWriter& writer) {
  const MutexLock lock(mutex_);
  reads_ = false;
  writer.flag("frozen", since_.has_value());
  if (since_) {
    writer.time("since", *since_);
    writer.number("limit", terms_.limit.count());
    if (deadline_) writer.number("deadline", deadline_->count());
    if (!terms_.token.empty()) writer.text("owner", terms_.token);
  }
  if (guard_) {
    guard_->interrupt();
    writer.descriptor("guard", guard_->descriptor());
  }
  for (const Entry& one : entries_) {
    writer.begin("frozen-filesystem");
    writer.text("mountpoint", one.mountpoint);
    writer.descriptor("filesystem", one.filesystem->descriptor());
  }
  ended_freezes_.snapshot(writer);
}

void FrozenSet::restore(const SnapshotRecord& record, Snapshot& snapshot) {
  const MutexLock lock(mutex_);
  since_.reset();
  if (record.flag("frozen")) since_ = record.time<Time>("since").value_or(Time::clock::now());
  terms_ = {
      .limit = std::chrono::milliseconds(record.number("limit").value_or(options_.timeout.count())),
      .token = std::string(record.text("owner").value_or(""))};
  deadline_ = record.number("deadline").transform([](std::int64_t time) {
    return std::chrono::nanoseconds(time);
  });
  ended_freezes_.restore(snapshot);
  if (auto guard = record.descriptor("guard")) {
    guard_ = filesystems_.restore_guard(std::move(guard));
  }
  for (const SnapshotRecord* frozen : snapshot.take("frozen-filesystem")) {
    std::string mountpoint(frozen->text("mountpoint").value_or(""));
    auto descriptor = frozen->descriptor("filesystem");
    if (!descriptor) continue;  // the guard has it
    auto filesystem = filesystems_.restore(std::move(descriptor), mountpoint);
    entries_.push_back({.mountpoint = std::move(mountpoint), .filesystem = std::move(filesystem)});
  }
}

}  // namespace bellhop::state
