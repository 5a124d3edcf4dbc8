// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <ctime>
#include <utility>

#include "platform/clock/clock_setting.h"
#include "platform/clock/rtc_linux.h"

namespace bellhop::platform {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::unexpected<Error> failed_to(std::string_view what, Error error) {
  error.message = fmt::format("failed to {}: {}", what, error.message);
  return std::unexpected(std::move(error));
}

// Sleeps until the system clock is `phase` into a second, and returns that second.
std::time_t sleep_until_subsecond(std::chrono::milliseconds phase) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const long nanoseconds = std::chrono::nanoseconds(phase).count();
  long wait = nanoseconds - now.tv_nsec;
  if (wait <= 0) wait += second;
  // Not until an absolute time of the system clock: that clock may be set back meanwhile.
  timespec left{.tv_sec = wait / second, .tv_nsec = wait % second};
  while (::clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
  }
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

class LinuxClockSetting final : public ClockSetting {
 public:
  explicit LinuxClockSetting(std::filesystem::path system_root) : root_(std::move(system_root)) {}

  Result<void> set_system(std::int64_t nanoseconds) override {
    const timespec time{.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
    if (::clock_settime(CLOCK_REALTIME, &time) == 0) return {};
    return system_failure(errno, "Failed to set time to guest");
  }

  Result<void> set_hardware_from_system() override {
    constexpr std::string_view what = "set hardware clock to system time";
    const auto rtc = Rtc::open(root_);
    if (!rtc) return failed_to(what, rtc.error());
    const auto date = to_tm(sleep_until_subsecond(rtc->phase_when_set()), rtc_zone(root_));
    if (!date) return failed_to(what, date.error());
    const auto set = rtc->set(*date);
    if (!set) return failed_to(what, set.error());
    return {};
  }

  Result<void> set_system_from_hardware() override {
    constexpr std::string_view what = "set system time to hardware clock";
    const auto rtc = Rtc::open(root_);
    if (!rtc) return failed_to(what, rtc.error());
    const auto date = rtc->read_when_second_begins();
    if (!date) return failed_to(what, date.error());
    const auto time = to_time_t(*date, rtc_zone(root_));
    if (!time) return failed_to(what, time.error());
    return set_system(std::int64_t{*time} * second);
  }

 private:
  std::filesystem::path root_;
};

}  // namespace

std::unique_ptr<ClockSetting> system_clock_setting(std::filesystem::path system_root) {
  return std::make_unique<LinuxClockSetting>(std::move(system_root));
}

}  // namespace bellhop::platform
