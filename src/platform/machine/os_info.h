// Name and version of the operating system and the kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// The running kernel, from uname(2).
struct Kernel {
  std::string release;
  std::string version;
  std::string machine;
};

Result<Kernel> kernel();

// The distribution, from os-release(5); nullopt for a variable that is not set.
struct OsRelease {
  std::optional<std::string> id;
  std::optional<std::string> name;
  std::optional<std::string> pretty_name;
  std::optional<std::string> version;
  std::optional<std::string> version_id;
  std::optional<std::string> variant;
  std::optional<std::string> variant_id;
};

// Parses the assignments of os-release(5): one per line, quoted and escaped as in the shell; the
// last assignment to a variable wins. Skips all other lines.
OsRelease parse_os_release(std::string_view text);

// Reads the file at `path`. Without `path`, reads /etc/os-release, or /usr/lib/os-release if that
// cannot be read. All values are nullopt if no file can be read.
OsRelease os_release(const std::optional<std::string>& path);

}  // namespace bellhop::platform
