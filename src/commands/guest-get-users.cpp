#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/services.h"
#include "platform/accounts/users.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct User {
  std::string user;
  double login_time;
  std::optional<std::string> domain;
};

constexpr auto fields_of(const User*) {
  return fields<"GuestUser">(
      field<"user", &User::user>("Name of the user."),
      field<"login-time", &User::login_time>(
          "When the earliest of the user's sessions began, in seconds since 1970 in UTC, with "
          "fractions."),
      field<"domain", &User::domain>("Domain of the logon; only on Windows."));
}

Result<std::vector<User>> run(CommandContext& context, const Nothing&) {
  auto users = platform::logged_in_users(context.services.system_root);
  if (!users) return std::unexpected(std::move(users).error());
  std::vector<User> reply;
  reply.reserve(users->size());
  for (auto& user : *users) {
    reply.push_back({.user = std::move(user.user), .login_time = user.login_time});
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_get_users = declare<run>({
    .name = "guest-get-users",
    .documentation =
        "Returns the users who are logged in, each once: those in utmp, then those that only "
        "systemd-logind or elogind knows, which newer systems have instead of utmp.",
    .since = "2.10",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
