// SPDX-License-Identifier: Apache-2.0
// Lists logical processors and takes them online and offline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

struct Processor {
  std::int64_t logical_id;
  bool online;
  bool can_offline;  // false: the kernel provides no way to take it offline
};

// All processors, by logical id. Processors that have disappeared or whose state cannot be read are
// left out; if no processor remains, returns the error of the first one, so the list is never
// empty. `system_root` contains /sys.
Result<std::vector<Processor>> processors(const std::filesystem::path& system_root);

// Takes a processor online or offline; does nothing if it is already in that state. Blocks until
// the kernel has moved the work of a processor that goes offline. Errors, in qemu-ga's wording: the
// processor does not exist, it cannot be taken offline, or the kernel's reason.
Result<void> set_processor_online(const std::filesystem::path& system_root, std::int64_t logical_id,
                                  bool online);

}  // namespace bellhop::platform
