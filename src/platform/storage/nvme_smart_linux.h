// SPDX-License-Identifier: Apache-2.0
// Reads the health of an NVMe drive.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "platform/storage/disks.h"

namespace bellhop::platform {

// The size of the log page "SMART / Health Information", in bytes.
inline constexpr std::size_t nvme_smart_size = 512;

// Decodes such a page.
NvmeSmart parse_nvme_smart(std::span<const std::byte, nvme_smart_size> page);

// The health of the drive at a device node; nullopt if the drive does not report it or refuses this
// process. A broken drive may take a minute to answer.
std::optional<NvmeSmart> nvme_smart(const std::string& node);

}  // namespace bellhop::platform
