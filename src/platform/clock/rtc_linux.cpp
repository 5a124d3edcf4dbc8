// SPDX-License-Identifier: Apache-2.0
#include "platform/clock/rtc_linux.h"

#include <fcntl.h>
#include <linux/rtc.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include "base/text.h"
#include "platform/io/small_file.h"
#include "platform/machine/control_directory_linux.h"

namespace bellhop::platform {
namespace {

using namespace std::chrono_literals;

constexpr auto max_second = 1500ms;

// The CMOS clock of PCs begins its next second 500 ms after it is set. Other clocks begin a second
// when they are set, as far as is known (hwclock(8), option --delay).
std::chrono::milliseconds phase_of(const Handle& fd, const std::filesystem::path& root) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return 0ms;
  const auto directory = ControlDirectory::open(
      root / fmt::format("sys/dev/char/{}:{}", major(status.st_rdev), minor(status.st_rdev)));
  const auto name = directory ? directory->read("name") : std::string();
  return name && name->starts_with("rtc_cmos") ? 500ms : 0ms;
}

std::string_view third_line(std::string_view text) {
  text::consume_line(text);
  text::consume_line(text);
  return text::consume_line(text);
}

}  // namespace

RtcZone rtc_zone(const std::filesystem::path& system_root) {
  const auto content = read_small_file(system_root / "etc/adjtime");
  const bool local = content && *content && third_line(**content) == "LOCAL";
  return local ? RtcZone::local : RtcZone::utc;
}

Result<std::tm> to_tm(std::time_t time, RtcZone zone) {
  ::tzset();  // localtime_r alone need not reread the system's setting
  std::tm date{};
  const bool fits = zone == RtcZone::local ? ::localtime_r(&time, &date) != nullptr
                                           : ::gmtime_r(&time, &date) != nullptr;
  if (!fits) return failure("the time {} has no date", time);
  return date;
}

Result<std::time_t> to_time_t(const std::tm& date, RtcZone zone) {
  std::tm shown = date;
  shown.tm_isdst = -1;
  shown.tm_wday = -1;  // mktime sets it on success; its result -1 is also a valid time
  const std::time_t time = zone == RtcZone::local ? ::mktime(&shown) : ::timegm(&shown);
  if (shown.tm_wday == -1) return failure("the hardware clock shows no date");
  return time;
}

Result<Rtc> Rtc::open(const std::filesystem::path& system_root) {
  int reason = ENOENT;
  for (const char* path : {"/dev/rtc", "/dev/rtc0"}) {
    const auto file = system_root / (path + 1);
    Handle fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd) {
      const auto phase = phase_of(fd, system_root);
      return Rtc(std::move(fd), path, phase);
    }
    reason = errno;
    if (reason != ENOENT) return system_failure(reason, "cannot open {}", path);
  }
  return system_failure(reason, "cannot open /dev/rtc");
}

Result<std::tm> Rtc::read() const {
  rtc_time shown{};
  if (::ioctl(fd_.get(), RTC_RD_TIME, &shown) != 0) {
    return system_failure(errno, "cannot read {}", path_);
  }
  std::tm date{};
  date.tm_sec = shown.tm_sec;
  date.tm_min = shown.tm_min;
  date.tm_hour = shown.tm_hour;
  date.tm_mday = shown.tm_mday;
  date.tm_mon = shown.tm_mon;
  date.tm_year = shown.tm_year;
  return date;
}

// Waits for the clock's interrupt at the beginning of a second. Returns false without one.
bool Rtc::await_update() const {
  if (::ioctl(fd_.get(), RTC_UIE_ON, 0) != 0) return false;
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(max_second.count()));
  ::ioctl(fd_.get(), RTC_UIE_OFF, 0);
  return ready == 1;
}

Result<std::tm> Rtc::read_when_second_begins() const {
  if (await_update()) return read();
  // Without an interrupt, polls the clock. A running clock changes within one second.
  const auto start = std::chrono::steady_clock::now();
  const Result<std::tm> before = read();
  Result<std::tm> now = before;
  while (now && now->tm_sec == before->tm_sec) {
    if (std::chrono::steady_clock::now() - start > max_second) {
      return failure("cannot read {}: it does not run", path_);
    }
    std::this_thread::sleep_for(5ms);
    now = read();
  }
  return now;
}

Result<void> Rtc::set(const std::tm& date) const {
  rtc_time shown{};
  shown.tm_sec = date.tm_sec;
  shown.tm_min = date.tm_min;
  shown.tm_hour = date.tm_hour;
  shown.tm_mday = date.tm_mday;
  shown.tm_mon = date.tm_mon;
  shown.tm_year = date.tm_year;
  if (::ioctl(fd_.get(), RTC_SET_TIME, &shown) != 0) {
    return system_failure(errno, "cannot set {}", path_);
  }
  return {};
}

}  // namespace bellhop::platform
