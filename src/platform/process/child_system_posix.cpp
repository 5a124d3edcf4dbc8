// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "platform/process/child_posix.h"

namespace bellhop::platform {

Result<Handle> exit_descriptor(pid_t child) {
  return exit_descriptor_by_thread(child);
}

bool close_from(int first) {
  ::closefrom(first);  // a system call on the BSDs
  return true;
}

std::string descriptor_path(int descriptor) {
  return fmt::format("/dev/fd/{}", descriptor);
}

bool drop_capabilities() {
  return true;  // without capabilities, root's privileges end with its uid
}

}  // namespace bellhop::platform
