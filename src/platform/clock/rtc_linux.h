// The hardware clock of rtc(4): it counts whole seconds as date and time of day, in UTC or, beside
// some other systems, in local time.
#pragma once

#include <chrono>
#include <ctime>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// The time that the hardware clock is kept in.
enum class RtcZone { utc, local };

// What /etc/adjtime says (see hwclock(8), "The Adjtime File"); UTC when it says nothing.
RtcZone rtc_zone(const std::filesystem::path& system_root);

// The date and time that a hardware clock shows at a moment. Error: the year does not fit.
Result<std::tm> to_tm(std::time_t time, RtcZone zone);

// The moment at which a hardware clock shows a date and time; of two, where the hour is shown
// twice, the C library's choice. Error: there is none.
Result<std::time_t> to_time_t(const std::tm& date, RtcZone zone);

// A hardware clock that is held open; nobody else can open it meanwhile.
class Rtc {
 public:
  // /dev/rtc, else /dev/rtc0. Errors: `cannot open /dev/rtc: …`.
  static Result<Rtc> open(const std::filesystem::path& system_root);

  // Waits until the clock's next second begins and returns what it shows then.
  // Errors: `cannot read /dev/rtc: …`.
  Result<std::tm> read_when_second_begins() const;

  // Errors: `cannot set /dev/rtc: …`.
  Result<void> set(const std::tm& date) const;

  // How far into its second the clock is when it has been set.
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
