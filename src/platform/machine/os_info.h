// What the operating system is called.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// What the system does not give has no value.
struct OsInfo {
  // The running kernel, as uname(2) describes it.
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

// `os_release` is the file that describes the distribution; without one it is the system's:
// /etc/os-release, else /usr/lib/os-release. A file that cannot be read sets nothing. Errors:
// `uname failed: …`.
Result<OsInfo> os_info(const std::optional<std::string>& os_release);

// The variables of os-release(5) that a text sets. It has one assignment a line, quoted and escaped
// as in the shell; the last of several wins. Other lines are passed over.
OsInfo parse_os_release(std::string_view text);

}  // namespace bellhop::platform
