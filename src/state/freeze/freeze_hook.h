// SPDX-License-Identifier: Apache-2.0
// The administrator's freeze hooks: programs that prepare applications for a freeze.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "platform/process/process.h"
#include "state/freeze/freeze_options.h"

namespace bellhop::state {

struct HookOptions {
  std::optional<std::string> program = {};  // qemu-ga's hook
  // Executable files in it are hooks too, except hidden ones and copies that editors and package
  // managers leave. No hooks if it does not exist or the path is empty.
  std::string directory = {};
  std::chrono::milliseconds timeout{60'000};  // for each program
};

// Runs each program with one argument, "freeze" or "thaw", and /dev/null as its input. Order for a
// freeze: `program`, then those of the directory by name; for a thaw, the reverse. A program fails
// if it cannot be started, ends with a status other than 0 or by a signal, or is killed after
// `timeout`. The error contains its output, up to 64 KiB. Processes that it leaves running are not
// waited for.
//
// If a program fails at a freeze, those after it do not run. Those before it run with "thaw"; so
// does the program itself if it was killed. If a program fails at a thaw, the others still run.
FreezeHook freeze_hooks(platform::Processes& processes, HookOptions options);

}  // namespace bellhop::state
