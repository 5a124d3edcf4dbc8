// SPDX-License-Identifier: Apache-2.0
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
    std::ifstream("/proc/loadavg") >> expected.load1m >> expected.load5m >> expected.load15m;
    const auto load = load_average();
    ASSERT_TRUE(load);
    const bool agree = std::abs(load->load1m - expected.load1m) < 0.011 &&
                       std::abs(load->load5m - expected.load5m) < 0.011 &&
                       std::abs(load->load15m - expected.load15m) < 0.011;
    if (agree) return;
  }
  FAIL() << "load_average() differs from /proc/loadavg";
}

}  // namespace
}  // namespace bellhop::platform
