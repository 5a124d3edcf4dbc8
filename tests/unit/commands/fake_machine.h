// SPDX-License-Identifier: Apache-2.0
// A machine that only seems to stop, to sleep and to have its clocks set, and writes down what is
// done to it.
#pragma once

#include <string>
#include <vector>

#include "platform/clock/clock_setting.h"
#include "platform/power/power.h"

namespace bellhop::testing {

class FakePower final : public platform::Power {
 public:
  Result<void> shut_down(platform::ShutdownMode mode) override {
    shutdowns.push_back(mode);
    return result;
  }
  Result<void> suspend(platform::SuspendMode mode) override {
    suspends.push_back(mode);
    return result;
  }

  std::vector<platform::ShutdownMode> shutdowns;
  std::vector<platform::SuspendMode> suspends;
  Result<void> result;  // of each call
};

class FakeClockSetting final : public platform::ClockSetting {
 public:
  Result<void> set_system(std::int64_t nanoseconds) override {
    calls.push_back(fmt::format("system = {}", nanoseconds));
    return system_result;
  }
  Result<void> set_hardware_from_system() override {
    calls.emplace_back("hardware = system");
    return hardware_result;
  }
  Result<void> set_system_from_hardware() override {
    calls.emplace_back("system = hardware");
    return hardware_result;
  }

  std::vector<std::string> calls;
  Result<void> system_result;
  Result<void> hardware_result;
};

}  // namespace bellhop::testing
