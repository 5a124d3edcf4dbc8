// SPDX-License-Identifier: Apache-2.0
#include "platform/io/default_paths.h"

namespace bellhop::platform {

const DefaultPaths& default_paths() {
  static constexpr DefaultPaths paths{
      .guest_agent_configuration = "/etc/qemu/qemu-ga.conf",
      .configuration = "/etc/bellhop/bellhop.conf",
      .state_directory = "/var/run",
      .pid_file = "/var/run/qemu-ga.pid",
      .freeze_hook = "/etc/qemu/fsfreeze-hook",
      .freeze_hook_directory = "/etc/bellhop/freeze.d",
  };
  return paths;
}

}  // namespace bellhop::platform
