#include "platform/machine/load.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace bellhop::platform {
namespace {

TEST(Load, IsThatOfProcLoadavg) {
  // The averages change every five seconds: a difference above the rounding error is retried once.
  for (int attempt = 0; attempt < 2; ++attempt) {
    LoadAverage expected;
    std::ifstream("/proc/loadavg") >> expected.one_minute >> expected.five_minutes >>
        expected.fifteen_minutes;
    const auto load = load_average();
    ASSERT_TRUE(load);
    const bool agree = std::abs(load->one_minute - expected.one_minute) < 0.011 &&
                       std::abs(load->five_minutes - expected.five_minutes) < 0.011 &&
                       std::abs(load->fifteen_minutes - expected.fifteen_minutes) < 0.011;
    if (agree) return;
  }
  FAIL() << "load_average() differs from /proc/loadavg";
}

}  // namespace
}  // namespace bellhop::platform
