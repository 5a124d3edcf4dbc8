// SPDX-License-Identifier: Apache-2.0
// Starts a program in a child process, with given fds as its standard streams.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "platform/process/child_posix.h"
#include "platform/process/process.h"

namespace bellhop::platform {

// Starts `request.path` with these standard streams and this RLIMIT_NOFILE. Returns once the
// program has been loaded, or could not be. Ignores the streams of `request`,
// `descriptors.report` and `descriptors.program`. Error texts are those of qemu-ga.
//
// The child leads a new session and process group: a signal that it sends to its group does not
// reach the agent. It starts with no signal blocked. As in GLib, CHLD, INT, TERM, HUP and PIPE have
// their default action; other signals that the agent ignores stay ignored.
Result<pid_t> spawn(const ProcessRequest& request, ChildDescriptors descriptors,
                    const rlimit& descriptor_limit);

}  // namespace bellhop::platform
