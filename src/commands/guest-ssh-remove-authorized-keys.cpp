// SPDX-License-Identifier: Apache-2.0
#include "commands/change_keys.h"

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
  return change_keys(context.services, arguments.username, arguments.keys, [&](const auto& file) {
    return state::update(file, false, [&](std::string_view content) {
      return state::without_keys(content, arguments.keys);
    });
  });
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
    .error_has_secrets = true,
});

}  // namespace bellhop::commands
