// The load average.
#pragma once

#include "base/error.h"

namespace bellhop::platform {

// Number of processes that run or wait to run, averaged over the last 1, 5 and 15 minutes.
struct LoadAverage {
  double one_minute = 0;
  double five_minutes = 0;
  double fifteen_minutes = 0;
};

Result<LoadAverage> load_average();

}  // namespace bellhop::platform
