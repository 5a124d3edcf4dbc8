// Who is logged in.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

struct LoggedInUser {
  std::string user;
  double login_time = 0;  // the earliest of the user's sessions, seconds since 1970 in UTC
  std::optional<std::string> domain = {};  // of the logon; only on Windows
};

// Each user who has a session, once, from the records of the system under `system_root`: first
// those in utmp(5), in its order, then those that only systemd-logind or elogind knows, by the time
// of their login. A record that does not exist or cannot be read names nobody: many systems lack
// one of them.
Result<std::vector<LoggedInUser>> logged_in_users(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
