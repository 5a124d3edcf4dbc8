// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "platform/io/small_file.h"
#include "platform/machine/boot_id.h"

namespace bellhop::platform {

std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  return text ? std::string(text::trim(*text)) : std::string();
}

}  // namespace bellhop::platform
