// SPDX-License-Identifier: Apache-2.0
// The login sessions of systemd-logind or elogind.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/accounts/users.h"

namespace bellhop::platform {

// Users of interactive sessions that have not ended, one entry per session, the earliest login
// first. `directory` is /run/systemd/sessions; the result is empty if it does not exist.
//
// sd-login(3) of libsystemd reads the same files. It is not used because it reports the start of a
// session only since version 254, cannot be linked statically, and has a fixed directory. The
// fields read here (USER, CLASS, STATE, REALTIME) are unchanged since systemd 38. A file without
// USER or REALTIME does not count as a session.
std::vector<LoggedInUser> login_sessions(const std::filesystem::path& directory);

}  // namespace bellhop::platform
