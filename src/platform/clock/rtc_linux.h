// SPDX-License-Identifier: Apache-2.0
// The hardware clock of rtc(4). It counts whole seconds as date and time of day, in UTC or, on
// machines that also boot some other operating systems, in local time.
#pragma once

#include <chrono>
#include <ctime>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// The time zone of the hardware clock.
enum class RtcZone { utc, local };

// The zone from /etc/adjtime (hwclock(8), "The Adjtime File"); UTC when the file has none.
RtcZone rtc_zone(const std::filesystem::path& system_root);

// The date and time that a hardware clock shows at `time`. Error: the year does not fit.
Result<std::tm> to_tm(std::time_t time, RtcZone zone);

// The time at which a hardware clock shows `date`. When the clock shows an hour twice, the C
// library chooses one of the two times. Error: no such time exists.
Result<std::time_t> to_time_t(const std::tm& date, RtcZone zone);

// An open hardware clock. No other process can open it meanwhile.
class Rtc {
 public:
  // Opens /dev/rtc, else /dev/rtc0. Errors: `cannot open /dev/rtc: …`.
  static Result<Rtc> open(const std::filesystem::path& system_root);

  // Blocks until the clock's next second begins and returns the date and time that it shows then.
  // Errors: `cannot read /dev/rtc: …`.
  Result<std::tm> read_when_second_begins() const;

  // Errors: `cannot set /dev/rtc: …`.
  Result<void> set(const std::tm& date) const;

  // How far into its second the clock is right after set().
  std::chrono::milliseconds phase_when_set() const { return phase_when_set_; }

 private:
  Rtc(Handle fd, const char* path, std::chrono::milliseconds phase)
      : fd_(std::move(fd)), path_(path), phase_when_set_(phase) {}

  Result<std::tm> read() const;
  bool await_update() const;

  Handle fd_;
  const char* path_;
  std::chrono::milliseconds phase_when_set_;
};

}  // namespace bellhop::platform
