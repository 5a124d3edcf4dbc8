// SPDX-License-Identifier: Apache-2.0
// Paths as UTF-8 text, the form that they have on the wire, in options and in files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bellhop {

// On POSIX systems both keep every byte, UTF-8 or not. Windows keeps paths in UTF-16, and converts
// text that is not declared as UTF-8 from the code page of the process.
inline std::filesystem::path path_from_utf8(std::string_view text) {
  return std::u8string_view(reinterpret_cast<const char8_t*>(text.data()), text.size());
}

inline std::string to_utf8(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

// True for "/x" on every operating system. For Windows that is a path on the current drive, and not
// absolute.
inline bool is_absolute_path(std::string_view text) {
  return path_from_utf8(text).has_root_directory();
}

}  // namespace bellhop
