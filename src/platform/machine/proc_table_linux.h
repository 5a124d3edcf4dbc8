// Reads the kernel's tables in /proc: lines of words.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// A whole table, by its path beneath `system_root`. Errors: `open("/proc/stat"): …`.
Result<std::vector<std::string>> read_proc_table(const std::filesystem::path& system_root,
                                                 std::string_view path);

// The words of a line, which are parted by blanks. They refer to the line.
std::vector<std::string_view> words_of(std::string_view line);

// A decimal or, with base 16, hexadecimal number that makes up the whole text.
template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace bellhop::platform
