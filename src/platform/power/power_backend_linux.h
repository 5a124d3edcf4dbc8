// What can stop and suspend a Linux machine, one means at a time. Which of them is used, and in
// which order, is decided in linux/power.cpp, and tested without a machine that stops.
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

// May be used from any thread.
class PowerBackend {
 public:
  virtual ~PowerBackend() = default;

  // Runs a program and waits for its end. Nothing when the machine has no such program.
  virtual Result<std::optional<ProgramRun>> run(const std::string& program,
                                                const std::vector<std::string>& arguments) = 0;

  // How long the machine has been asleep since its start. A sleep of less than a second may not
  // count: many machines' clocks that go on meanwhile count in seconds.
  virtual std::chrono::milliseconds time_asleep() = 0;

  // Sends a signal to process 1.
  virtual Result<void> signal_init(int number) = 0;

  // Writes out the filesystems and lets the kernel stop the machine at once. It returns only on
  // an error.
  virtual Result<void> stop_kernel(ShutdownMode mode) = 0;
};

std::unique_ptr<PowerBackend> system_power_backend();

// Decides among what `backend` offers by what is found in `system_root`.
std::unique_ptr<Power> make_power(std::unique_ptr<PowerBackend> backend,
                                  std::filesystem::path system_root);

}  // namespace bellhop::platform
