// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/user_account.h"
#include "rpc/command.h"
#include "state/authorized_keys.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::string_view username;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"username", &Arguments::username>("The user."));
}

struct Reply {
  std::vector<std::string> keys;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestAuthorizedKeys">(field<"keys", &Reply::keys>(
      "Lines of the file, the last line first, without comments, empty lines and surrounding "
      "space."));
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  TRY_ASSIGN(auto user,
             platform::find_user(std::string(arguments.username), context.services.system_root));
  TRY_ASSIGN(auto content, platform::AuthorizedKeysFile(std::move(user)).read());
  return Reply{.keys = state::listed_keys(content.text)};
}

}  // namespace

extern constinit const Command guest_ssh_get_authorized_keys = declare<run>({
    .name = "guest-ssh-get-authorized-keys",
    .documentation =
        "Returns the keys in a user's ~/.ssh/authorized_keys. The file is read with the user's "
        "own rights, up to 16 MiB. Symbolic links at ~/.ssh and below are not followed, and "
        "files that belong neither to the user nor to root are not read. If the file does not "
        "exist, it returns an error.",
    .since = "5.2",
    .access = Access::read,
});

}  // namespace bellhop::commands
