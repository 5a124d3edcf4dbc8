// What the commands that change a user's keys do after the change.
#pragma once

#include "agent/log.h"
#include "agent/services.h"
#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/security_labels.h"

namespace bellhop::commands {

// Sees to it that sshd may read the keys where SELinux is on. The keys are in place whatever comes
// of it, so a failure is for the guest's administrator and not for the client.
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
