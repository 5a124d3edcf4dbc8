// SPDX-License-Identifier: Apache-2.0
// A guard in the process of the test. It thaws fake filesystems.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "platform/storage/freeze_guard.h"

namespace bellhop::testing {

// What a guard works with, and what survives the agent: the fake of a guard's process.
class FakeGuardProcess {
 public:
  using Event = platform::GuardEvent;
  using Clock = std::chrono::steady_clock;
  struct Target {
    std::string mountpoint;
    std::function<Result<bool>()> thaw;
  };

  FakeGuardProcess(std::vector<Target> targets, std::chrono::milliseconds limit,
                   std::chrono::milliseconds retry_interval, std::function<void()> on_end)
      : targets_(std::move(targets)),
        limit_(limit),
        retry_interval_(retry_interval),
        on_end_(std::move(on_end)) {
    set_limit(limit);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~FakeGuardProcess() {
    thread_.request_stop();
    wake();
  }

  // Ends as if killed.
  void kill() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    events_.push_back({.kind = Event::Kind::lost});
    changed_.notify_all();
  }

  // Whether the agent has taken all events.
  bool is_read() {
    const std::lock_guard lock(mutex_);
    return events_.empty();
  }

  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return woken_ || !events_.empty(); });
    woken_ = false;
  }
  std::optional<Event> next() {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  void end_freezing(std::optional<std::chrono::milliseconds> limit) {
    const std::lock_guard lock(mutex_);
    settled_ = true;
    if (limit && !expired_) set_limit(*limit);
    if (!limit) by_itself_ = false;
    changed_.notify_all();
  }
  void renew(std::chrono::milliseconds limit) {
    const std::lock_guard lock(mutex_);
    if (!expired_) set_limit(limit);
    changed_.notify_all();
  }
  void thaw(std::int64_t request) {
    const std::lock_guard lock(mutex_);
    request_ = request;
    changed_.notify_all();
  }
  void cancel() {
    const std::lock_guard lock(mutex_);
    end(0);
  }

 private:
  void set_limit(std::chrono::milliseconds limit) {
    limit_ = limit;
    deadline_.reset();
    if (limit.count() > 0) deadline_ = Clock::now() + limit;
  }
  void end(std::int64_t count) {
    ended_ = true;
    on_end_();
    Event event{.kind = Event::Kind::ended, .count = count, .request = request_};
    if (by_itself_) {
      event.text = platform::freeze_notice(
          std::chrono::system_clock::now(),
          fmt::format("at the limit of {} s", std::chrono::duration<double>(limit_).count()));
    }
    events_.push_back(std::move(event));
    changed_.notify_all();
  }

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested() && !ended_) {
      const bool due = deadline_ && Clock::now() >= *deadline_;
      if (due) {
        deadline_.reset();
        if (!std::exchange(expired_, true)) {
          by_itself_ = true;
          events_.push_back({.kind = Event::Kind::expired});
          changed_.notify_all();
        }
      }
      if (due || request_ != passed_) {
        pass(lock);
      } else if (deadline_) {
        changed_.wait_until(lock, *deadline_);
      } else {
        changed_.wait(lock);
      }
    }
  }

  void pass(std::unique_lock<std::mutex>& lock) {
    const std::int64_t request = passed_ = request_;
    const bool last = settled_;
    std::int64_t count = 0;
    std::string error;
    for (const Target& one : targets_) {
      events_.push_back({.kind = Event::Kind::thawing, .text = one.mountpoint});
      changed_.notify_all();
      lock.unlock();
      const auto thawed = one.thaw();
      lock.lock();
      if (thawed) {
        count += *thawed ? 1 : 0;
      } else if (error.empty()) {
        error = thawed.error().message;
      }
    }
    if (ended_) return;
    if (last && error.empty()) return end(count);
    events_.push_back(
        {.kind = Event::Kind::pass, .count = count, .request = request, .text = error});
    if (expired_) deadline_ = Clock::now() + retry_interval_;
    changed_.notify_all();
  }

  const std::vector<Target> targets_;  // in thaw order
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  std::optional<Clock::time_point> deadline_;
  std::chrono::milliseconds limit_;
  const std::chrono::milliseconds retry_interval_;
  const std::function<void()> on_end_;
  std::int64_t request_ = 0;
  std::int64_t passed_ = 0;  // the last request that a pass covers
  bool woken_ = false;
  bool settled_ = false;
  bool expired_ = false;
  bool by_itself_ = false;
  bool ended_ = false;
  std::jthread thread_;
};

// The agent's connection to it.
class FakeGuard final : public platform::FreezeGuard {
 public:
  FakeGuard(std::shared_ptr<FakeGuardProcess> process, platform::Handle descriptor)
      : process_(std::move(process)), descriptor_(std::move(descriptor)) {}

  void wait() override { process_->wait(); }
  void interrupt() override { process_->wake(); }
  std::optional<platform::GuardEvent> next() override { return process_->next(); }
  void all_frozen(std::chrono::milliseconds limit) override { process_->end_freezing(limit); }
  void freezing_failed() override { process_->end_freezing(std::nullopt); }
  void renew(std::chrono::milliseconds limit) override { process_->renew(limit); }
  void thaw(std::int64_t request) override { process_->thaw(request); }
  void cancel() override { process_->cancel(); }
  platform::NativeHandle descriptor() const override { return descriptor_.get(); }

 private:
  const std::shared_ptr<FakeGuardProcess> process_;
  const platform::Handle descriptor_;
};

}  // namespace bellhop::testing
