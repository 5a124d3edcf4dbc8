// SPDX-License-Identifier: Apache-2.0
// The load average.
#pragma once

#include "base/error.h"

namespace bellhop::platform {

// Number of processes that run or wait to run, averaged over the last 1, 5 and 15 minutes.
struct LoadAverage {
  double load1m = 0;
  double load5m = 0;
  double load15m = 0;
};

Result<LoadAverage> load_average();

}  // namespace bellhop::platform
