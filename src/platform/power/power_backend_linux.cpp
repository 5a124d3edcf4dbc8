// SPDX-License-Identifier: Apache-2.0
#include "platform/power/power_backend_linux.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill(2) is not in <csignal>
#include <sys/reboot.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime(2)
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/process/find_executable.h"

namespace bellhop::platform {
namespace {

int reboot_command(ShutdownMode mode) {
  switch (mode) {
    case ShutdownMode::halt:
      return static_cast<int>(RB_HALT_SYSTEM);
    case ShutdownMode::powerdown:
      return static_cast<int>(RB_POWER_OFF);
    case ShutdownMode::reboot:
      break;
  }
  return static_cast<int>(RB_AUTOBOOT);
}

std::chrono::milliseconds now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::nanoseconds(time.tv_nsec));
}

class SystemBackend final : public PowerBackend {
 public:
  Result<std::optional<ProgramRun>> run(const std::string& program,
                                        const std::vector<std::string>& arguments) override {
    auto path = find_program(program);
    if (!path) return std::nullopt;
    return run_program(processes_, {.path = *std::move(path), .arguments = arguments});
  }

  std::chrono::milliseconds time_asleep() override {
    // CLOCK_MONOTONIC does not advance while the guest is suspended (clock_gettime(2)).
    return now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC);
  }

  Result<void> signal_init(int number) override {
    if (::kill(1, number) == 0) return {};
    return system_failure(errno, "cannot send signal {} to process 1", number);
  }

  Result<void> stop_kernel(ShutdownMode mode) override {
    ::sync();
    ::reboot(reboot_command(mode));
    return system_failure(errno, "the kernel does not stop the machine");
  }

 private:
  Processes processes_;
};

}  // namespace

std::unique_ptr<PowerBackend> system_power_backend() {
  return std::make_unique<SystemBackend>();
}

}  // namespace bellhop::platform
