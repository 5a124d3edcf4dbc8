// SPDX-License-Identifier: Apache-2.0
#include <paths.h>
#include <utmp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

#include "platform/accounts/login_sessions_linux.h"
#include "platform/accounts/users.h"
#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

// Seconds since 1970. A 32-bit field counts as unsigned, which lasts until 2106.
double login_time(const utmp& record) {
  using Seconds = decltype(record.ut_tv.tv_sec);
  double seconds = 0;
  if constexpr (sizeof(Seconds) == sizeof(std::uint32_t)) {
    seconds = static_cast<std::uint32_t>(record.ut_tv.tv_sec);
  } else {
    seconds = static_cast<double>(record.ut_tv.tv_sec);
  }
  return seconds + static_cast<double>(record.ut_tv.tv_usec) / 1'000'000;
}

using Users = std::vector<LoggedInUser>;

// Adds a login. Users are in the order of first appearance, each with the earliest login.
void add(Users& users, std::string name, double time) {
  const auto found = std::ranges::find(users, name, &LoggedInUser::user);
  if (found == users.end()) {
    users.push_back({.user = std::move(name), .login_time = time});
  } else {
    found->login_time = std::min(found->login_time, time);
  }
}

// The C library's reader keeps its position in a global variable, which workers cannot share.
Users recorded_users(const std::filesystem::path& path) {
  Users users;
  const std::string records = read_file(path).value_or("");
  for (std::size_t at = 0; at + sizeof(utmp) <= records.size(); at += sizeof(utmp)) {
    utmp record;
    std::memcpy(&record, records.data() + at, sizeof record);
    if (record.ut_type != USER_PROCESS) continue;
    // A name that fills the field has no terminating 0.
    std::string name(record.ut_user, ::strnlen(record.ut_user, sizeof record.ut_user));
    add(users, std::move(name), login_time(record));
  }
  return users;
}

// utmp truncates long names.
std::string as_in_utmp(const std::string& name) {
  return name.substr(0, sizeof(utmp::ut_user));
}

}  // namespace

Result<std::vector<LoggedInUser>> logged_in_users(const std::filesystem::path& system_root) {
  Users users = recorded_users(system_root / std::filesystem::path(_PATH_UTMP).relative_path());
  Users others;
  for (LoggedInUser& session : login_sessions(system_root / "run/systemd/sessions")) {
    const auto is_recorded = [name = as_in_utmp(session.user)](const LoggedInUser& user) {
      return user.user == name;
    };
    if (std::ranges::any_of(users, is_recorded)) continue;
    add(others, std::move(session.user), session.login_time);
  }
  std::ranges::move(others, std::back_inserter(users));
  return users;
}

}  // namespace bellhop::platform
