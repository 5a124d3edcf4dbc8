// SPDX-License-Identifier: Apache-2.0
// The logged-in users.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

struct LoggedInUser {
  std::string user;
  double login_time = 0;  // of the user's earliest session, seconds since 1970 in UTC
  std::optional<std::string> domain = {};  // of the logon; only on Windows
};

// Each user with a session, once, from the records under `system_root`: first the users in utmp(5),
// in its order, then those that only systemd-logind or elogind has, by login time. A record that
// does not exist or cannot be read counts as empty: many systems lack one of them.
Result<std::vector<LoggedInUser>> logged_in_users(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
