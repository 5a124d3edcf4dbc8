// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdlib>

#include "platform/machine/load.h"

namespace bellhop::platform {

Result<LoadAverage> load_average() {
  std::array<double, 3> loads{};
  if (::getloadavg(loads.data(), 3) != 3) return failure("cannot query load average");
  return LoadAverage{loads[0], loads[1], loads[2]};
}

}  // namespace bellhop::platform
