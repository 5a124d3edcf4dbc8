// The machine's logical processors, and taking them in and out of service.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

struct Processor {
  std::int64_t logical_id;
  bool online;
  bool can_offline;  // false: the system offers no way to take it out of service
};

// All processors that the machine has, by logical id; those that are gone or whose state the
// system does not tell at this moment are left out. Never empty: when none is left, it is the error
// of the first. `system_root` is the directory that holds the system's /sys.
Result<std::vector<Processor>> processors(const std::filesystem::path& system_root);

// Takes a processor into service or out of it; nothing happens when it is so already. Waits until
// the system has moved the work of a processor that goes. Errors: there is no such processor, it
// cannot be taken out of service, or the system's reason, worded as qemu-ga's.
Result<void> set_processor_online(const std::filesystem::path& system_root, std::int64_t logical_id,
                                  bool online);

}  // namespace bellhop::platform
