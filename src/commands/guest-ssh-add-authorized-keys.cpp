// SPDX-License-Identifier: Apache-2.0
#include "commands/change_keys.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::string_view username;
  std::vector<std::string_view> keys;
  std::optional<bool> reset;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"username", &Arguments::username>("The user."),
      field<"keys", &Arguments::keys>(
          "Keys, one line each as in authorized_keys of sshd(8). Keys that the file already has "
          "as a line are skipped."),
      field<"reset", &Arguments::reset>(
          "True to replace the file's content, whatever it is, by these keys; default: false."));
}

Result<void> add(const platform::AuthorizedKeysFile& file, const Arguments& arguments) {
  if (!arguments.reset.value_or(false)) {
    return state::update(file, true, [&](std::string_view content) {
      return state::with_keys(content, arguments.keys);
    });
  }
  TRY(file.replace(state::with_keys({}, arguments.keys), std::nullopt));
  return {};
}

Result<void> run(CommandContext& context, const Arguments& arguments) {
  return change_keys(context.services, arguments.username, arguments.keys,
                     [&](const auto& file) { return add(file, arguments); });
}

}  // namespace

extern constinit const Command guest_ssh_add_authorized_keys = declare<run>({
    .name = "guest-ssh-add-authorized-keys",
    .documentation =
        "Adds keys to a user's ~/.ssh/authorized_keys with the user's own rights. If missing, "
        "the file is created with mode 0600 and ~/.ssh with mode 0700. The file is replaced "
        "atomically: in all cases it has either the old or the new keys, and on return it is on "
        "disk. A file that cannot be read or is a symbolic link is replaced only with `reset`; a "
        "symbolic link at ~/.ssh is not followed. If SELinux is on, restorecon runs with the "
        "user's rights and sets the labels of both according to the policy. If it fails, the "
        "keys stay and the log has a warning.",
    .since = "5.2",
    .access = Access::write,
    .error_has_secrets = true,
});

}  // namespace bellhop::commands
