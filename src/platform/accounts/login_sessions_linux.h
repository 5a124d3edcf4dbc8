// The sessions that systemd-logind or elogind knows.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/accounts/users.h"

namespace bellhop::platform {

// Users of interactive sessions that have not ended, one entry a session, the earliest login
// first. `directory` is /run/systemd/sessions; without it there are none.
//
// sd-login(3) of libsystemd reads the same files. It is not used because it tells when a session
// began only since version 254, cannot be linked into a static program, and has its directory
// fixed. The members that are read here (USER, CLASS, STATE, REALTIME) have been the same since
// systemd 38; a file without them counts as no session.
std::vector<LoggedInUser> login_sessions(const std::filesystem::path& directory);

}  // namespace bellhop::platform
