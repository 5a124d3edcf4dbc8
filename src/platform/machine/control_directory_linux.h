// A directory of /sys whose files are settings of the kernel, each read and written as a whole.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/io/handle.h"

namespace bellhop::platform {

// What failed of an access to a setting.
struct ControlError {
  enum class Step { open, read, write };
  Step step;
  int error_number;  // an errno value; 0: the file was empty, where the kernel always writes one
};

// A directory that is held open: whatever is read and written belongs to the same device, also
// when another one takes its name.
class ControlDirectory {
 public:
  // The error is an errno value.
  static std::expected<ControlDirectory, int> open(const std::filesystem::path& path);

  // The content of a file, without the line feed at its end; of long ones the first 255 bytes.
  std::expected<std::string, ControlError> read(const char* file) const;

  // Waits for as long as the kernel takes to do what is asked.
  std::expected<void, ControlError> write(const char* file, std::string_view value) const;

 private:
  explicit ControlDirectory(Handle fd) : fd_(std::move(fd)) {}

  Handle fd_;
};

// The numbers n of a directory's entries that are called `prefix` and n, in order: 0 and 1 for
// cpu0, cpu1 and cpuidle. The error is an errno value: the directory cannot be opened.
std::expected<std::vector<std::uint64_t>, int> numbered_entries(
    const std::filesystem::path& directory, std::string_view prefix);

}  // namespace bellhop::platform
