// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/accounts/users.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const LoggedInUser*) {
  return fields<"GuestUser">(
      field<"user", &LoggedInUser::user>("Name of the user."),
      field<"login-time", &LoggedInUser::login_time>(
          "Start of the user's earliest session, in seconds since 1970 UTC, with fractions."),
      field<"domain", &LoggedInUser::domain>("Domain of the logon; only on Windows."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::LoggedInUser>> run(CommandContext& context, const Nothing&) {
  return platform::logged_in_users(context.services.system_root);
}

}  // namespace

extern constinit const Command guest_get_users = declare<run>({
    .name = "guest-get-users",
    .documentation =
        "Returns the users who are logged in, each once. First come the users in utmp, then the "
        "users that only systemd-logind or elogind reports; newer operating systems have these "
        "instead of utmp.",
    .since = "2.10",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
