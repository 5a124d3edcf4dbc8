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
  if (!running_) {
    count_ = 0;
    if (all_) find_all();
  }
  running_ = true;
  error_.clear();
  for (Target& one : targets_) one.is_due = !one.done;
  start_thaws();
  const auto hangs = std::ranges::find_if(targets_, [](auto& one) { return one.child != 0; });
  if (hangs != targets_.end()) on_thaw_(hangs->mountpoint);
}

// In thaw order: what lies on another filesystem thaws after it.
void ThawPass::start_thaws() {
  for (Target& one : targets_) {
    if (one.is_due && one.child == 0) start_thaw(one);
  }
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
  target.is_due = false;
  target.child_is_last = last_;
  on_thaw_(target.mountpoint);
  target.child = ::fork();
  if (target.child == 0) {
    in_child_();
    ::_exit(thaw(target));
  }
  if (target.child < 0) {  // no process can be started: thaw here
    target.child = 0;
    take_result(target, thaw(target));
    return;
  }
  int status = 0;
  if (wait_for_child(target.child, patience, &status)) take_status(target, status);
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

void ThawPass::take_status(Target& target, int status) {
  target.child = 0;
  take_result(target, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR);
}

void ThawPass::take_result(Target& target, int result) {
  if (result == 0 || result == not_frozen) {
    count_ += result == 0 ? 1 : 0;
    target.done = target.child_is_last;
  } else if (error_.empty()) {
    error_ = system_failure(result, "failed to thaw {}", target.mountpoint).error().message;
  }
}

bool ThawPass::collect() {
  if (!running_) return false;
  for (Target& one : targets_) {
    int status = 0;
    if (one.child == 0 || !wait_for_child(one.child, milliseconds(0), &status)) continue;
    take_status(one, status);
    if (one.is_due && !one.done) start_thaw(one);
  }
  running_ = std::ranges::any_of(targets_, [](const Target& one) { return one.child != 0; });
  return !running_;
}

bool ThawPass::is_complete() const {
  return last_ && error_.empty() && std::ranges::all_of(targets_, &Target::done);
}

bool wait_for_child(pid_t child, milliseconds time, int* status) {
  const auto deadline = steady_clock::now() + time;
  sigset_t end_of_a_child;
  ::sigemptyset(&end_of_a_child);
  ::sigaddset(&end_of_a_child, SIGCHLD);
  for (;;) {
    const pid_t ended = ::waitpid(child, status, WNOHANG);
    if (ended < 0 && status) *status = W_EXITCODE(EIO, 0);
    if (ended != 0) return true;
    const auto left = std::chrono::nanoseconds(deadline - steady_clock::now()).count();
    if (left <= 0) return false;
    const timespec timeout{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    ::sigtimedwait(&end_of_a_child, nullptr, &timeout);
  }
}

}  // namespace bellhop::platform
