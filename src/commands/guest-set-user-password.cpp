// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdlib>

#include "agent/services.h"
#include "platform/accounts/password_program.h"
#include "platform/process/process.h"
#include "rpc/command.h"
#include "state/program_run.h"

namespace bellhop::commands {
namespace {

// Password quality checks, a directory service or another program's lock on /etc/shadow can each
// take seconds, but not a minute.
constexpr std::chrono::minutes timeout{1};

struct Arguments {
  std::string_view username;
  Base64Argument password;
  bool crypted;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"username", &Arguments::username>("The user."),
      field<"password", &Arguments::password>(
          "The new password, without line feeds and zero bytes."),
      field<"crypted", &Arguments::crypted>(
          "True if the password is already hashed by crypt(3), in the format of shadow(5)."));
}

// The client must not send characters that end a line or a user name in chpasswd's input.
Result<void> check(std::string_view username, std::string_view password) {
  using namespace std::string_view_literals;
  if (password.find_first_of("\n\0"sv) != std::string_view::npos) {
    return failure("forbidden characters in raw password");
  }
  if (username.find_first_of(":\n\0"sv) != std::string_view::npos) {
    return failure("forbidden characters in username");
  }
  return {};
}

Result<void> run(CommandContext& context, const Arguments& arguments) {
  TRY_ASSIGN(const auto bytes, arguments.password.decode());
  const std::string_view password(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  TRY(check(arguments.username, password));

  const char* search_path = std::getenv("PATH");
  TRY_ASSIGN(auto program,
             platform::password_program(arguments.crypted, search_path ? search_path : "",
                                        context.services.system_root));
  platform::ProcessRequest request;
  request.path = std::move(program.path);
  request.arguments = std::move(program.arguments);
  request.input = fmt::format("{}:{}\n", arguments.username, password);
  return state::run_to_end(context.services.programs, std::move(request),
                           {.purpose = "set user password"}, {.time = timeout});
}

}  // namespace

extern constinit const Command guest_set_user_password = declare<run>({
    .name = "guest-set-user-password",
    .documentation =
        "Sets the password of a user with the operating system's chpasswd, or BusyBox's. A plain "
        "password is hashed as the operating system is configured, and must satisfy its password "
        "rules. chpasswd reads the password from a pipe: it appears in no command line and no "
        "log. An error contains the output of chpasswd. chpasswd is killed if it "
        "has not ended after a minute.",
    .since = "2.3",
    .access = Access::write,
});

}  // namespace bellhop::commands
