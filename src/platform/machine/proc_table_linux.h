// SPDX-License-Identifier: Apache-2.0
// Reads tables of the kernel in /proc.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// All lines of a table; `path` is relative to `system_root`. Errors: `open("/proc/stat"): …`,
// `cannot read /proc/stat`.
Result<std::vector<std::string>> read_proc_table(const std::filesystem::path& system_root,
                                                 std::string_view path);

}  // namespace bellhop::platform
