#include "platform/users.h"

#include <fcntl.h>
#include <paths.h>
#include <utmp.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "platform/posix/unique_fd.h"

namespace bellhop::platform {
namespace {

// Reads the next whole record. The C library's own reader keeps its position in a global, which
// workers cannot share.
bool read_record(int fd, utmp& record) {
  auto* bytes = reinterpret_cast<char*>(&record);
  std::size_t have = 0;
  while (have < sizeof record) {
    const ssize_t got = ::read(fd, bytes + have, sizeof record - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

// Seconds since 1970. Where the record has 32 bits for them they count without a sign, to 2106.
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

}  // namespace

std::string session_record_path() {
  return _PATH_UTMP;
}

Result<std::vector<LoggedInUser>> logged_in_users(const std::string& path) {
  std::vector<LoggedInUser> users;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return users;
  std::unordered_map<std::string, std::size_t> index;
  for (utmp record{}; read_record(fd.get(), record);) {
    if (record.ut_type != USER_PROCESS) continue;
    // A name that fills its field has no terminating 0.
    std::string name(record.ut_user, ::strnlen(record.ut_user, sizeof record.ut_user));
    const double time = login_time(record);
    const auto [at, added] = index.try_emplace(name, users.size());
    if (added) {
      users.push_back({.user = std::move(name), .login_time = time});
    } else if (time < users[at->second].login_time) {
      users[at->second].login_time = time;
    }
  }
  return users;
}

}  // namespace bellhop::platform
