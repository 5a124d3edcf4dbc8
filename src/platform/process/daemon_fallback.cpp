// SPDX-License-Identifier: Apache-2.0
#include "platform/process/daemon.h"

namespace bellhop::platform {

Result<Daemon> Daemon::start() {
  return failure("failed to daemonize: not supported on this system");
}

Result<void> Daemon::detach() {
  return {};
}

}  // namespace bellhop::platform
