// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "platform/io/trusted_path.h"

namespace bellhop::platform {
namespace {

// As in Linux.
constexpr int max_links = 40;

bool has_trusted_owner(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == ::geteuid();
}

// Whether only the owner can change the file, or replace an entry of the directory that belongs to
// a trusted user. The mode of a symbolic link has no meaning.
bool has_trusted_mode(const struct stat& status) {
  if (S_ISLNK(status.st_mode) || (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return true;
  return S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
}

Result<void> check(const std::string& step, const struct stat& status) {
  const bool owner = has_trusted_owner(status);
  const bool mode = has_trusted_mode(status);
  if (owner && mode) return {};
  const std::string who = ::geteuid() == 0 ? "root" : "root or the agent's user";
  const std::string rule = owner ? "only its owner may be able to write to it"
                                 : fmt::format("it must belong to {}", who);
  std::string commands;
  if (!owner) commands = fmt::format("`chown -h root:root '{}'`", step);
  if (!mode) commands += fmt::format("{}`chmod go-w '{}'`", owner ? "" : " and ", step);
  return failure("'{}' has the owner {} and the mode {:04o}, but {}; correct it with {}", step,
                 status.st_uid, status.st_mode & 07777U, rule, commands);
}

// The text of a symbolic link.
Result<std::string> read_link(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return system_failure(errno, "cannot reach '{}'", path);
  return std::string(target.data(), static_cast<std::size_t>(size));
}

// Puts the names of a path in front of those that remain. The next name is the last.
void prepend(std::vector<std::string>& names, std::string_view path) {
  const auto parts = text::split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") names.emplace_back(*part);
  }
}

Result<std::string> working_directory() {
  std::array<char, PATH_MAX> path;
  if (!::getcwd(path.data(), path.size())) {
    return system_failure(errno, "cannot find the working directory");
  }
  return std::string(path.data());
}

}  // namespace

// What has been checked cannot be replaced any more, so nothing need be held open: `at` is a
// directory without links in its path that only trusted users can change.
Result<std::string> trusted_path(const std::string& path) {
  if (path.empty()) return system_failure(ENOENT, "cannot reach ''");
  std::vector<std::string> names;
  prepend(names, path);
  if (!path.starts_with('/')) {
    TRY_ASSIGN(const auto directory, working_directory());
    prepend(names, directory);
  }
  std::string at;  // empty: the root directory
  int links = 0;
  for (std::string step = "/";; step = at + "/" + names.back(), names.pop_back()) {
    struct stat status;
    if (::lstat(step.c_str(), &status) != 0)
      return system_failure(errno, "cannot reach '{}'", step);
    TRY(check(step, status));
    if (S_ISLNK(status.st_mode)) {
      if (++links > max_links) return system_failure(ELOOP, "cannot reach '{}'", path);
      TRY_ASSIGN(const auto target, read_link(step));
      if (target.starts_with('/')) at.clear();
      prepend(names, target);
    } else if (step != "/") {
      at = step;
    }
    for (; !names.empty() && names.back() == ".."; names.pop_back()) {
      at.resize(at.empty() ? 0 : at.rfind('/'));
    }
    if (names.empty()) return at.empty() ? "/" : at;
  }
}

}  // namespace bellhop::platform
