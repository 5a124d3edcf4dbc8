// The accounts of the system's users.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// What acting as a user takes.
struct UserAccount {
  std::string name;
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;
  std::vector<std::uint32_t> groups = {};  // all of them, with group_id
  std::string home;                        // a full path
};

// The account of that name, from wherever the system has accounts (passwd(5), LDAP, …): may take
// as long as they do. With a root other than "/", the one in that tree's /etc/passwd, its home in
// the tree too, and no groups but its first.
// Errors: `failed to lookup user 'NAME': …`.
Result<UserAccount> find_user(const std::string& name, const std::filesystem::path& system_root);

}  // namespace bellhop::platform
