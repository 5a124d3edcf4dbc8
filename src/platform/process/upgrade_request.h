// SPDX-License-Identifier: Apache-2.0
// A request for a live upgrade by another process, which waits for the result.
//
// The requester creates a pipe. The signal that requests the upgrade carries the fd of the pipe's
// write end, which the agent opens through /proc. The kernel permits this to root and to the
// requester's own user. No name exists that another user could occupy, and no file is written,
// because filesystems may be frozen.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/process/process_id.h"

namespace bellhop::platform {

// Requests a live upgrade of a running agent, waits for its result and returns what the agent
// reported. Errors: the reason why the upgrade failed; the process does not exist, may not be
// signalled, or would be ended by the signal and is therefore no agent (it gets no signal then);
// the agent ended; it did not answer in time.
Result<std::string> request_upgrade(ProcessId agent, std::chrono::seconds timeout);

// In the agent: the write end of the requester's pipe, from its signal. Empty if it is not a pipe
// or cannot be opened.
Handle open_requester(ProcessId requester, std::int64_t descriptor);

// In the agent: ends the wait of request_upgrade(). Does not block; errors are ignored, because the
// requester may have ended. Cuts texts of several KiB.
void report_upgrade(const Handle& requester, const Result<std::string>& result);

}  // namespace bellhop::platform
