// SPDX-License-Identifier: Apache-2.0
// The administrator's freeze hooks: programs that prepare applications for a freeze.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/process/process.h"
#include "state/freeze/freeze_options.h"

namespace bellhop::state {

struct HookOptions {
  std::optional<std::string> program = {};  // qemu-ga's hook
  // Executable files in it are hooks too, except hidden ones and copies that editors and package
  // managers leave. No hooks if it does not exist or the path is empty.
  std::string directory = {};
  std::chrono::milliseconds timeout{60'000};  // for each program
  // Receives the errors that no caller receives; called on any thread.
  std::function<void(std::string_view message)> warn = [](std::string_view) {};
};

// Runs programs that only root and the agent's user can change (platform::trusted_path), each with
// one argument, "freeze" or "thaw", and /dev/null as its input. Order for a freeze: `program`, then
// those of the directory by name; for a thaw, the reverse. A program fails if it is refused or
// cannot be started, ends with a status other than 0 or by a signal, or is killed after `timeout`.
// The error contains its output, up to 64 KiB. Processes that it leaves running when it exits are
// not waited for; if it is killed, they are killed too.
//
// If a program fails at a freeze, those after it do not run. Those before it run with "thaw"; so
// does the program itself if it was killed, by the agent or by a signal. If some of its processes
// could not be killed, it runs with "thaw" once more when they have closed its output, but not
// while a freeze is in force. If a program fails at a thaw, the others still run.
//
// The function that is returned is thread-safe: calls wait for each other.
FreezeHook freeze_hooks(platform::Processes& processes, HookOptions options);

}  // namespace bellhop::state
