// SPDX-License-Identifier: Apache-2.0
#include "platform/io/default_paths.h"

namespace bellhop::platform {

// In the directory in which the agent was started: no other is known to exist.
const DefaultPaths& default_paths() {
  static constexpr DefaultPaths paths{
      .guest_agent_configuration = "qemu-ga.conf",
      .configuration = "bellhop.conf",
      .state_directory = ".",
      .pid_file = "qemu-ga.pid",
      .freeze_hook = "fsfreeze-hook",
      .freeze_hook_directory = "freeze.d",
  };
  return paths;
}

}  // namespace bellhop::platform
