// Restores SELinux labels after a command has changed a user's keys.
#pragma once

#include "agent/log.h"
#include "agent/services.h"
#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/security_labels.h"

namespace bellhop::commands {

// Ensures that sshd may read the keys if SELinux is on. The keys are in place even if this fails,
// so a failure is logged for the guest's administrator and not returned to the client.
inline void restore_key_labels(Services& services, const platform::AuthorizedKeysFile& file) {
  const auto restored =
      platform::restore_labels(file.user(), {file.directory(), file.path()}, services.system_root);
  if (restored) return;
  services.log.warning(
      "the keys of user '{}' are in place, but their SELinux labels may be wrong: {}; to set them "
      "right: restorecon -R {}",
      file.user().name, restored.error().message, file.directory());
}

}  // namespace bellhop::commands
