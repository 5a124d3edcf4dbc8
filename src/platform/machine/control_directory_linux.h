// SPDX-License-Identifier: Apache-2.0
// A directory in /sys whose files are kernel settings. Each file is read and written as a whole.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Why an access to a setting failed.
struct ControlError {
  enum class Step { open, read, write };
  Step step;
  int error_number;  // an errno value; 0: empty file, although the kernel always writes a value

  bool is_missing_file() const { return step == Step::open && error_number == ENOENT; }
};

// A directory that is held open. All accesses go to the same device, even if another device reuses
// its path.
class ControlDirectory {
 public:
  // The error is an errno value.
  static std::expected<ControlDirectory, int> open(const std::filesystem::path& path);

  // The content of a file, without the line feed at its end; at most the first 255 bytes.
  std::expected<std::string, ControlError> read(const char* file) const;

  // Blocks until the kernel has carried out the request.
  std::expected<void, ControlError> write(const char* file, std::string_view value) const;

 private:
  explicit ControlDirectory(Handle fd) : fd_(std::move(fd)) {}

  Handle fd_;
};

// The numbers n of the entries named `prefix` followed by n, in ascending order: 0 and 1 for cpu0,
// cpu1 and cpuidle. The error is an errno value: the directory cannot be opened or read.
std::expected<std::vector<std::uint64_t>, int> numbered_entries(
    const std::filesystem::path& directory, std::string_view prefix);

// read(number) for each number, without those that fail; the first error if none succeeds.
template <class Item>
Result<std::vector<Item>> read_each(const std::vector<std::uint64_t>& numbers,
                                    const std::function<Result<Item>(std::uint64_t)>& read) {
  std::vector<Item> items;
  std::optional<Error> first_error;
  for (const std::uint64_t number : numbers) {
    auto item = read(number);
    if (item) {
      items.push_back(*std::move(item));
    } else if (!first_error) {
      first_error = std::move(item).error();
    }
  }
  if (items.empty() && first_error) return std::unexpected(*std::move(first_error));
  return items;
}

}  // namespace bellhop::platform
