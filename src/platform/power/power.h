// SPDX-License-Identifier: Apache-2.0
// Shuts down and suspends the guest.
#pragma once

#include <filesystem>
#include <memory>

#include "base/error.h"

namespace bellhop::platform {

enum class ShutdownMode { halt, powerdown, reboot };

// Where the guest's state is kept while it is suspended.
enum class SuspendMode {
  disk,
  ram,
  hybrid,  // both: resumes from RAM, or from disk after a loss of power
};

// Thread-safe.
class Power {
 public:
  virtual ~Power() = default;

  // Shuts the guest down in an orderly way. Returns once the shutdown has begun, or when the
  // program used for it has ended. The shutdown also ends the agent. Error texts are those of
  // qemu-ga.
  virtual Result<void> shut_down(ShutdownMode mode) = 0;

  // Suspends the guest. Returns once that has begun, or after the guest has resumed. Error texts
  // are those of qemu-ga.
  virtual Result<void> suspend(SuspendMode mode) = 0;
};

// The power of this guest. `system_root` is the directory that contains /sys, /proc and /run.
std::unique_ptr<Power> system_power(std::filesystem::path system_root);

}  // namespace bellhop::platform
