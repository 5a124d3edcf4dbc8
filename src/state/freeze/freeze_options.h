// SPDX-License-Identifier: Apache-2.0
// What the freeze needs from the agent: paths, timeouts, and functions to call.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "state/freeze/freeze_rules.h"

namespace bellhop::state {

// Runs the administrator's hooks with `action`, "freeze" or "thaw". Returns when they have ended,
// or soon after `stop` is requested. If "freeze" fails, the caller need not run "thaw".
using FreezeHook =
    std::function<Result<void>(std::string_view action, const std::stop_token& stop)>;

struct FreezeOptions {
  // The state directory. Contains the mark and the auto-thaw notice
  // (platform/storage/freeze_guard), and the file of OwedHooks.
  std::string directory;
  // Auto-thaw timeout. Applies to the freezing phase and, again from zero, to the frozen phase. 0
  // disables it.
  std::chrono::milliseconds timeout{0};
  // Which filesystems are not frozen.
  FreezeRules rules = {};
  // Interval between attempts when an auto-thaw fails.
  std::chrono::milliseconds retry_interval{10'000};
  // How long the guard may take to begin a thaw; then the agent thaws itself.
  std::chrono::milliseconds guard_timeout{2'000};
  FreezeHook hook = [](std::string_view, const std::stop_token&) { return Result<void>(); };
  // Called with true before the first filesystem freezes, and with false when all have thawed; on
  // any thread. Between the two calls nothing may be written to a disk. Not called with true for a
  // freeze that was in force at start.
  std::function<void(bool frozen)> on_change = [](bool) {};
  // Receives the errors that no caller receives; called on any thread.
  std::function<void(std::string_view message)> warn = [](std::string_view) {};
  // Maximum duration of thaw(); then it returns the result so far. Its sum with the 500 ms after
  // which an expedited thaw overtakes older requests is less than one second.
  std::chrono::milliseconds reply_timeout{400};
};

}  // namespace bellhop::state
