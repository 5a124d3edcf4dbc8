// SPDX-License-Identifier: Apache-2.0
// Where this operating system keeps the agent's files. For devices see channel_kinds.h.
#pragma once

namespace bellhop::platform {

struct DefaultPaths {
  const char* guest_agent_configuration;  // qemu-ga's
  const char* configuration;              // Bellhop's own
  const char* state_directory;
  const char* pid_file;
  const char* freeze_hook;            // qemu-ga's, for --fsfreeze-hook without a value
  const char* freeze_hook_directory;  // Bellhop's own
};

const DefaultPaths& default_paths();

}  // namespace bellhop::platform
