// Stopping and suspending the machine.
#pragma once

#include <filesystem>
#include <memory>

#include "base/error.h"

namespace bellhop::platform {

enum class ShutdownMode { halt, powerdown, reboot };

// Where the machine's state is kept while it sleeps.
enum class SuspendMode {
  disk,
  ram,
  hybrid,  // in both: it wakes from memory, or from disk when memory lost its power
};

// May be used from any thread.
class Power {
 public:
  virtual ~Power() = default;

  // Makes the machine stop in an orderly way. Returns as soon as that has begun, or what is used
  // for it ends; the agent is ended on the way. Errors are worded as qemu-ga's.
  virtual Result<void> shut_down(ShutdownMode mode) = 0;

  // Puts the machine to sleep. Returns when that has begun, or when the machine has woken up.
  // Errors are worded as qemu-ga's.
  virtual Result<void> suspend(SuspendMode mode) = 0;
};

// That of this machine. `system_root` is the directory that holds its /sys, /proc and /run.
std::unique_ptr<Power> system_power(std::filesystem::path system_root);

}  // namespace bellhop::platform
