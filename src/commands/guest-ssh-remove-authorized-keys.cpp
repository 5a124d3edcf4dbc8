#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/services.h"
#include "commands/key_labels.h"
#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/user_account.h"
#include "rpc/command.h"
#include "state/authorized_keys.h"
#include "state/keyed_mutex.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::string_view username;
  std::vector<std::string_view> keys;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"username", &Arguments::username>("The user."),
                field<"keys", &Arguments::keys>(
                    "Lines to remove; whole lines are compared. A missing line is not an error."));
}

Result<void> run(CommandContext& context, const Arguments& arguments) {
  TRY(state::check_keys(arguments.keys));
  TRY_ASSIGN(auto user,
             platform::find_user(std::string(arguments.username), context.services.system_root));
  const platform::AuthorizedKeysFile file(std::move(user));
  auto removed = context.services.authorized_keys_mutex.run(file.path(), [&] {
    return state::update(file, false, [&](std::string_view content) {
      return state::without_keys(content, arguments.keys);
    });
  });
  if (removed) restore_key_labels(context.services, file);
  return removed;
}

}  // namespace

extern constinit const Command guest_ssh_remove_authorized_keys = declare<run>({
    .name = "guest-ssh-remove-authorized-keys",
    .documentation =
        "Removes keys from a user's ~/.ssh/authorized_keys with the user's own rights. It "
        "replaces the file like guest-ssh-add-authorized-keys. If the file does not exist, it "
        "succeeds without a change.",
    .since = "5.2",
    .access = Access::write,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
