// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/freeze_mark_linux.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/key_file.h"
#include "base/text.h"
#include "platform/io/io_posix.h"
#include "platform/storage/freeze_guard.h"

namespace bellhop::platform {
namespace {

using std::chrono::nanoseconds;
using std::chrono::system_clock;

constexpr std::string_view group = "freeze";
constexpr std::size_t size_limit = 4096;

const std::string mark_name{freeze_mark_name};

std::string path_of(const std::string& directory) {
  return fmt::format("{}/{}", directory, freeze_mark_name);
}

template <class Duration>
std::optional<Duration> duration(const KeyFile::Entry* entry) {
  const auto number = entry ? text::parse_number<std::int64_t>(entry->value) : std::nullopt;
  return number ? std::optional(Duration(*number)) : std::nullopt;
}

}  // namespace

std::string format_freeze_mark(const FreezeMark& mark) {
  std::string text =
      fmt::format("[{}]\nboot-id={}\nsince={}\nlimit={}\n", group, mark.boot_id,
                  nanoseconds(mark.since.time_since_epoch()).count(), mark.limit.count());
  if (mark.deadline) text += fmt::format("deadline={}\n", mark.deadline->count());
  if (!mark.owner.empty()) text += fmt::format("owner={}\n", mark.owner);
  return text;
}

std::optional<FreezeMark> parse_freeze_mark(std::string_view text) {
  const auto file = KeyFile::parse(text);
  if (!file) return std::nullopt;
  const auto* const boot = file->find(group, "boot-id");
  const auto since = duration<nanoseconds>(file->find(group, "since"));
  const auto limit = duration<std::chrono::milliseconds>(file->find(group, "limit"));
  const auto deadline = duration<nanoseconds>(file->find(group, "deadline"));
  const auto* const owner = file->find(group, "owner");
  if (!boot || !since || !limit || (limit->count() > 0 && !deadline)) return std::nullopt;
  return FreezeMark{
      .boot_id = boot->value,
      .since = system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(*since)),
      .limit = *limit,
      .deadline = deadline,
      .owner = owner ? owner->value : std::string()};
}

nanoseconds boot_time() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

Result<Handle> create_freeze_mark(NativeHandle directory, const std::string& directory_path,
                                  const FreezeMark& mark) {
  TRY(open_freeze_mark(directory, directory_path));
  const std::string next = mark_name + ".new";
  ::unlinkat(directory, next.c_str(), 0);  // left over from a process that did not finish
  Handle file(
      ::openat(directory, next.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  int reason = file ? write_all(file.get(), format_freeze_mark(mark)) : errno;
  if (reason == 0 && ::renameat(directory, next.c_str(), directory, mark_name.c_str()) != 0) {
    reason = errno;
  }
  if (reason == 0) return file;
  if (file) ::unlinkat(directory, next.c_str(), 0);
  return system_failure(reason, "cannot create '{}'", path_of(directory_path));
}

int remove_freeze_mark(NativeHandle directory) {
  return ::unlinkat(directory, mark_name.c_str(), 0) == 0 ? 0 : errno;
}

Result<Handle> open_freeze_mark(NativeHandle directory, const std::string& directory_path) {
  // A lock needs a file that is open for writing. Without O_TRUNC and O_CREAT, this open does not
  // wait for a frozen filesystem.
  constexpr int flags = O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
  struct stat status{};
  if (::fstatat(directory, mark_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Handle();
    return system_failure(errno, "cannot read '{}'", path_of(directory_path));
  }
  if (!S_ISREG(status.st_mode)) {
    return failure("'{}' is not a regular file: remove it", path_of(directory_path));
  }
  Handle file(::openat(directory, mark_name.c_str(), O_RDWR | flags));
  if (!file) file.reset(::openat(directory, mark_name.c_str(), O_RDONLY | flags));
  if (!file) return system_failure(errno, "cannot open '{}'", path_of(directory_path));
  return file;
}

std::optional<FreezeMark> read_freeze_mark(NativeHandle file) {
  const auto text = read_up_to(file, size_limit + 1);
  if (!text || text->size() > size_limit) return std::nullopt;
  return parse_freeze_mark(*text);
}

}  // namespace bellhop::platform
