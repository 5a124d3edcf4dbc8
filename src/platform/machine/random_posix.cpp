// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "platform/machine/random.h"

namespace bellhop::platform {

Result<std::string> random_hex(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (::getentropy(random.data(), random.size()) != 0) {
    return system_failure(errno, "cannot read random bytes");
  }
  return fmt::format("{:02x}", fmt::join(random, ""));
}

}  // namespace bellhop::platform
