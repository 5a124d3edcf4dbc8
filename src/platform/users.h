// Who is logged in.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

struct LoggedInUser {
  std::string user;
  double login_time = 0;  // the earliest of the user's sessions, seconds since 1970 in UTC
};

// Where the system keeps its record of sessions: utmp(5).
std::string session_record_path();

// Each user who has a session, once, in the order of the record at `path`. Nobody when the record
// cannot be read: many systems have none.
Result<std::vector<LoggedInUser>> logged_in_users(const std::string& path);

}  // namespace bellhop::platform
