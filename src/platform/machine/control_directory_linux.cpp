// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/control_directory_linux.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "platform/io/io_posix.h"

namespace bellhop::platform {
namespace {

using Step = ControlError::Step;

std::unexpected<ControlError> failed(Step step) {
  return std::unexpected(ControlError{step, errno});
}

}  // namespace

std::expected<ControlDirectory, int> ControlDirectory::open(const std::filesystem::path& path) {
  Handle fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::unexpected(errno);
  return ControlDirectory(std::move(fd));
}

std::expected<std::string, ControlError> ControlDirectory::read(const char* file) const {
  const Handle fd(::openat(fd_.get(), file, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return failed(Step::open);
  char room[256];
  const auto count = retry_on_eintr([&] { return ::pread(fd.get(), room, sizeof room - 1, 0); });
  if (count < 0) return failed(Step::read);
  if (count == 0) return std::unexpected(ControlError{Step::read, 0});
  std::string content(room, static_cast<std::size_t>(count));
  if (content.ends_with('\n')) content.pop_back();
  return content;
}

std::expected<void, ControlError> ControlDirectory::write(const char* file,
                                                          std::string_view value) const {
  const Handle fd(::openat(fd_.get(), file, O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return failed(Step::open);
  // No retry after EINTR: the kernel may have begun the change. The caller receives the error.
  if (::pwrite(fd.get(), value.data(), value.size(), 0) < 0) return failed(Step::write);
  return {};
}

std::expected<std::vector<std::uint64_t>, int> numbered_entries(
    const std::filesystem::path& directory, std::string_view prefix) {
  std::error_code error;
  std::vector<std::uint64_t> numbers;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::filesystem::path name = entry->path().filename();
    const auto number = text::parse_number_after<std::uint64_t>(prefix, name.native());
    if (number) numbers.push_back(*number);
  }
  if (error) return std::unexpected(error.value());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace bellhop::platform
