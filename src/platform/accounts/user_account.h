// SPDX-License-Identifier: Apache-2.0
// User accounts of the guest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// The ids, groups and home directory needed to act as a user.
struct UserAccount {
  std::string name;
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;
  std::vector<std::uint32_t> groups = {};  // all groups, including group_id
  std::string home;                        // a full path
};

// Looks up an account in the databases of the operating system (passwd(5), LDAP, …). Blocks for as
// long as they do. If `system_root` is not "/", reads its /etc/passwd instead; then the home
// directory is beneath `system_root`, and the primary group is the only group.
// Errors: `failed to lookup user 'NAME': …`.
Result<UserAccount> find_user(const std::string& name, const std::filesystem::path& system_root);

}  // namespace bellhop::platform
