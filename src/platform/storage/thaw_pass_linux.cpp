// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/thaw_pass_linux.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

namespace bellhop::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long the thaw of a filesystem may take before the next one begins: one that lies on another
// thaws after it.
constexpr milliseconds patience{100};

constexpr int not_frozen = 255;  // exit status of a child; 0: it has thawed; else an errno value

}  // namespace

void ThawPass::add(std::string mountpoint, Handle descriptor) {
  auto open = system_->restore(std::move(descriptor), mountpoint);
  targets_.insert(targets_.begin(), {.mountpoint = std::move(mountpoint), .open = std::move(open)});
}

void ThawPass::start(bool last) {
  last_ = last;
  if (running_) {
    again_ = true;
    return;
  }
  running_ = true;
  count_ = 0;
  thaw_all();
}

void ThawPass::thaw_all() {
  error_.clear();
  if (all_) find_all();
  for (Target& one : targets_) {
    if (!one.done && one.child == 0) start_thaw(one);
  }
  const auto hangs = std::ranges::find_if(targets_, [](auto& one) { return one.child != 0; });
  if (hangs != targets_.end()) on_thaw_(hangs->mountpoint);
}

void ThawPass::find_all() {
  std::erase_if(targets_, [](const Target& one) { return !one.open; });
  auto all = system_->list();
  if (!all) {
    error_ = all.error().message;
    return;
  }
  for (LocalFilesystem& one : *all) {
    targets_.push_back({.mountpoint = one.mountpoint, .place = std::move(one)});
  }
}

void ThawPass::start_thaw(Target& target) {
  on_thaw_(target.mountpoint);
  target.child = ::fork();
  if (target.child == 0) {
    in_child_();
    ::_exit(thaw(target));
  }
  if (target.child > 0) return wait_for(target, patience);
  // No process can be started: thaw here.
  target.child = 0;
  take_result(target, thaw(target));
}

// Returns what a child exits with.
int ThawPass::thaw(const Target& target) {
  std::unique_ptr<Filesystem> opened;
  if (!target.open) {
    // A filesystem that cannot be reached is not an error: it may be gone.
    auto found = system_->open(target.place);
    if (!found || !*found) return not_frozen;
    opened = *std::move(found);
  }
  const auto thawed = (target.open ? target.open : opened)->thaw();
  if (thawed) return *thawed ? 0 : not_frozen;
  const int reason = thawed.error().system.value();
  return reason > 0 && reason < not_frozen ? reason : EIO;
}

void ThawPass::wait_for(const Target& target, milliseconds time) {
  const auto deadline = steady_clock::now() + time;
  sigset_t ended;
  ::sigemptyset(&ended);
  ::sigaddset(&ended, SIGCHLD);
  for (;;) {
    take_results();
    const auto left = std::chrono::nanoseconds(deadline - steady_clock::now()).count();
    if (target.child == 0 || left <= 0) return;
    const timespec timeout{.tv_sec = 0, .tv_nsec = static_cast<long>(left)};
    ::sigtimedwait(&ended, nullptr, &timeout);
  }
}

// Returns false while a child runs.
bool ThawPass::take_results() {
  bool all = true;
  for (Target& one : targets_) {
    if (one.child == 0) continue;
    int status = 0;
    const pid_t ended = ::waitpid(one.child, &status, WNOHANG);
    if (ended == 0) {
      all = false;
      continue;
    }
    one.child = 0;
    take_result(one, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR);
  }
  return all;
}

void ThawPass::take_result(Target& target, int result) {
  if (result == 0 || result == not_frozen) {
    count_ += result == 0 ? 1 : 0;
    target.done = last_;
  } else if (error_.empty()) {
    error_ = system_failure(result, "failed to thaw {}", target.mountpoint).error().message;
  }
}

bool ThawPass::collect() {
  while (running_ && take_results()) {
    // What has frozen since this pass began may be frozen still.
    const bool again = std::exchange(again_, false);
    running_ = again && !is_complete();
    if (!running_) return true;
    thaw_all();
  }
  return false;
}

bool ThawPass::is_complete() const {
  return last_ && error_.empty() && std::ranges::all_of(targets_, &Target::done);
}

}  // namespace bellhop::platform
