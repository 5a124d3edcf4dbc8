// SPDX-License-Identifier: Apache-2.0
// Name and version of the operating system and the kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// nullopt for a value that the operating system does not provide.
struct OsInfo {
  // The running kernel, from uname(2).
  std::optional<std::string> kernel_release = {};
  std::optional<std::string> kernel_version = {};
  std::optional<std::string> machine = {};
  // The distribution: the variables of os-release(5).
  std::optional<std::string> id = {};
  std::optional<std::string> name = {};
  std::optional<std::string> pretty_name = {};
  std::optional<std::string> version = {};
  std::optional<std::string> version_id = {};
  std::optional<std::string> variant = {};
  std::optional<std::string> variant_id = {};
};

// Reads the distribution from the file `os_release`. Without it, reads /etc/os-release, or
// /usr/lib/os-release if that cannot be read. If no file can be read, its values are nullopt.
// Errors: `uname failed: …`.
Result<OsInfo> os_info(const std::optional<std::string>& os_release);

// Parses the assignments of os-release(5): one per line, quoted and escaped as in the shell; the
// last assignment to a variable wins. Skips all other lines.
OsInfo parse_os_release(std::string_view text);

}  // namespace bellhop::platform
