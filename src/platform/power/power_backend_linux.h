// SPDX-License-Identifier: Apache-2.0
// The single methods that shut down or suspend a Linux guest. power_linux.cpp decides which of them
// are used, and in which order; tests replace them and stop nothing.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/power/power.h"
#include "platform/process/run_program.h"

namespace bellhop::platform {

// Thread-safe.
class PowerBackend {
 public:
  virtual ~PowerBackend() = default;

  // Runs a program and waits for its end. nullopt when the program is not installed.
  virtual Result<std::optional<ProgramRun>> run(const std::string& program,
                                                const std::vector<std::string>& arguments) = 0;

  // How long the guest has been suspended since boot, in total. A suspend of less than a second may
  // not count: the clocks that keep running meanwhile often count whole seconds.
  virtual std::chrono::milliseconds time_asleep() = 0;

  // Sends a signal to pid 1.
  virtual Result<void> signal_init(int number) = 0;

  // Syncs the filesystems, then has the kernel stop the guest at once (reboot(2)). Returns only on
  // an error.
  virtual Result<void> stop_kernel(ShutdownMode mode) = 0;
};

std::unique_ptr<PowerBackend> system_power_backend();

// Chooses among the methods of `backend` by what exists in `system_root`.
std::unique_ptr<Power> make_power(std::unique_ptr<PowerBackend> backend,
                                  std::filesystem::path system_root);

}  // namespace bellhop::platform
