// What the operating system is called.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// The running kernel, as uname(2) describes it.
struct Kernel {
  std::string release;
  std::string version;
  std::string machine;
};

Result<Kernel> kernel();

// The distribution, as os-release(5) describes it; a variable that is not set has no value.
struct OsRelease {
  std::optional<std::string> id;
  std::optional<std::string> name;
  std::optional<std::string> pretty_name;
  std::optional<std::string> version;
  std::optional<std::string> version_id;
  std::optional<std::string> variant;
  std::optional<std::string> variant_id;
};

// Understands the assignments of os-release(5): one a line, quoted and escaped as in the shell,
// the last of several winning. Lines that are none are passed over.
OsRelease parse_os_release(std::string_view text);

// Reads the file at `path`, or without one the system's: /etc/os-release, else
// /usr/lib/os-release. Nothing is set when no file can be read.
OsRelease os_release(const std::optional<std::string>& path);

}  // namespace bellhop::platform
