// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/text.h"
#include "platform/accounts/user_account.h"
#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t first_buffer = 4096;
constexpr std::size_t max_buffer_size = std::size_t{1} << 24;

UserAccount account(const passwd& entry) {
  return {.name = entry.pw_name,
          .user_id = entry.pw_uid,
          .group_id = entry.pw_gid,
          .groups = {entry.pw_gid},
          .home = entry.pw_dir};
}

std::unexpected<Error> not_found(const std::string& name) {
  return failure("failed to lookup user '{}': there is no such user", name);
}

// getpwnam(3) reports a missing user by any of these errors.
bool means_absence(int error) {
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

Result<UserAccount> look_up(const std::string& name) {
  std::vector<char> buffer(first_buffer);
  for (;;) {
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found) return account(entry);
    if (error == EINTR) continue;
    if (error == ERANGE && buffer.size() < max_buffer_size) {
      buffer.resize(2 * buffer.size());
      continue;
    }
    if (means_absence(error)) return not_found(name);
    return system_failure(error, "failed to lookup user '{}'", name);
  }
}

// Returns ids only: looking up the names of groups can be slow as well.
std::vector<std::uint32_t> groups_of(const UserAccount& user) {
  std::vector<gid_t> groups(64);
  for (;;) {
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(user.name.c_str(), user.group_id, groups.data(), &count) >= 0) {
      groups.resize(static_cast<std::size_t>(count));
      return {groups.begin(), groups.end()};
    }
    // Some operating systems set `count` to the number of groups, others only report that there are
    // more.
    const auto wanted = static_cast<std::size_t>(std::max(count, 0));
    if (groups.size() > 65536) return user.groups;
    groups.resize(std::max(wanted, 2 * groups.size()));
  }
}

// Parses one line of passwd(5).
std::optional<UserAccount> parse_line(std::string_view line) {
  const auto fields = text::split(line, ':');
  if (fields.size() < 7) return std::nullopt;
  const auto user = text::parse_number<std::uint32_t>(fields[2]);
  const auto group = text::parse_number<std::uint32_t>(fields[3]);
  if (!user || !group) return std::nullopt;
  return UserAccount{.name = std::string(fields[0]),
                     .user_id = *user,
                     .group_id = *group,
                     .groups = {*group},
                     .home = std::string(fields[5])};
}

Result<UserAccount> look_up_in(const std::filesystem::path& root, const std::string& name) {
  const auto file = read_file(root / "etc/passwd");
  if (!file) return system_failure(file.error().system, "failed to lookup user '{}'", name);
  for (std::string_view rest = *file; !rest.empty();) {
    auto user = parse_line(text::consume_line(rest));
    if (!user || user->name != name) continue;
    user->home = (root / std::filesystem::path(user->home).relative_path()).string();
    return *std::move(user);
  }
  return not_found(name);
}

}  // namespace

Result<UserAccount> find_user(const std::string& name, const std::filesystem::path& system_root) {
  const bool whole_system = system_root == "/";
  TRY_ASSIGN(auto user, whole_system ? look_up(name) : look_up_in(system_root, name));
  if (!user.home.starts_with('/')) {
    return failure("failed to lookup user '{}': the home directory '{}' is not a full path", name,
                   user.home);
  }
  if (whole_system) user.groups = groups_of(user);
  return user;
}

}  // namespace bellhop::platform
