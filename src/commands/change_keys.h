// SPDX-License-Identifier: Apache-2.0
// Changes a user's authorized keys.
#pragma once

#include <functional>

#include "agent/log.h"
#include "agent/services.h"
#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/security_labels.h"
#include "platform/accounts/user_account.h"
#include "rpc/command.h"
#include "state/authorized_keys.h"
#include "state/keyed_mutex.h"

namespace bellhop::commands {

// Checks the keys and runs `change` on the user's file while no other command changes it. If it
// succeeds, ensures that sshd may read the file if SELinux is on. The keys are in place even if
// that fails, so a failure is logged for the guest's administrator and not returned to the client.
inline Result<void> change_keys(
    Services& services, std::string_view username, state::Keys keys,
    const std::function<Result<void>(const platform::AuthorizedKeysFile&)>& change) {
  TRY(state::check_keys(keys));
  TRY_ASSIGN(auto user, platform::find_user(std::string(username), services.system_root));
  const platform::AuthorizedKeysFile file(std::move(user));
  TRY(services.authorized_keys_mutex.run(file.path(), [&] { return change(file); }));
  const auto restored =
      platform::restore_labels(file.user(), {file.directory(), file.path()}, services.system_root);
  if (restored) return {};
  services.log.warning(
      "the keys of user '{}' are in place, but their SELinux labels may be wrong: {}; to set them "
      "right: restorecon -R {}",
      file.user().name, restored.error().message, file.directory());
  return {};
}

}  // namespace bellhop::commands
