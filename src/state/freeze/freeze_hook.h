// The administrator's freeze hooks: programs that ready applications for a freeze.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "platform/process/process.h"
#include "state/freeze/freeze.h"

namespace bellhop::state {

struct HookOptions {
  std::optional<std::string> program = {};  // qemu-ga's hook
  // Its executable files are hooks too, but for hidden ones and copies that editors and package
  // managers leave. None when it does not exist or the name is empty.
  std::string directory = {};
  std::chrono::milliseconds timeout{60'000};  // for each program
};

// Runs each program with one argument, "freeze" or "thaw", and /dev/null as its input: for a freeze
// first `program`, then those of the directory in the order of their names, for a thaw in reverse.
// A program fails when it cannot be started, ends with another status than 0 or by a signal, or is
// killed because it ran longer than `timeout`. The error carries what it wrote, up to 64 KiB.
// Processes that it leaves behind are not waited for.
//
// When one fails at a freeze, those after it are not run, and those before it are told "thaw", as
// it is itself when it was killed. When one fails at a thaw, the others are run all the same.
FreezeHook freeze_hooks(platform::Processes& processes, HookOptions options);

}  // namespace bellhop::state
