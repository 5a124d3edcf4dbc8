#include <fcntl.h>
#include <paths.h>
#include <utmp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "platform/accounts/login_sessions_linux.h"
#include "platform/accounts/users.h"
#include "platform/io/handle.h"
#include "platform/io/io_posix.h"

namespace bellhop::platform {
namespace {

// Reads the next whole record. The C library's reader keeps its position in a global variable,
// which workers cannot share.
bool read_record(int fd, utmp& record) {
  return read_full(fd, &record, sizeof record) == ssize_t{sizeof record};
}

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

// Users in order of first appearance, each with the earliest login.
class EarliestLogins {
 public:
  void add(std::string name, double time) {
    const auto [at, added] = index_.try_emplace(name, users_.size());
    if (added) {
      users_.push_back({.user = std::move(name), .login_time = time});
    } else if (time < users_[at->second].login_time) {
      users_[at->second].login_time = time;
    }
  }
  bool has(const std::string& name) const { return index_.contains(name); }
  std::vector<LoggedInUser> take() { return std::move(users_); }

 private:
  std::vector<LoggedInUser> users_;
  std::unordered_map<std::string, std::size_t> index_;
};

void add_records(const std::filesystem::path& path, EarliestLogins& logins) {
  const Handle fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return;
  for (utmp record{}; read_record(fd.get(), record);) {
    if (record.ut_type != USER_PROCESS) continue;
    // A name that fills the field has no terminating 0.
    std::string name(record.ut_user, ::strnlen(record.ut_user, sizeof record.ut_user));
    logins.add(std::move(name), login_time(record));
  }
}

// utmp truncates long names.
std::string as_in_utmp(const std::string& name) {
  return name.substr(0, sizeof(utmp::ut_user));
}

}  // namespace

Result<std::vector<LoggedInUser>> logged_in_users(const std::filesystem::path& system_root) {
  EarliestLogins recorded;
  add_records(system_root / std::filesystem::path(_PATH_UTMP).relative_path(), recorded);
  EarliestLogins others;
  for (LoggedInUser& session : login_sessions(system_root / "run/systemd/sessions")) {
    if (recorded.has(as_in_utmp(session.user))) continue;
    others.add(std::move(session.user), session.login_time);
  }
  std::vector<LoggedInUser> users = recorded.take();
  std::ranges::move(others.take(), std::back_inserter(users));
  return users;
}

}  // namespace bellhop::platform
