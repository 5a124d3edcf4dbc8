// SPDX-License-Identifier: Apache-2.0
// The socket in the state directory by which a restarted agent finds the guard of a freeze.
#pragma once

#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Makes the socket; only its owner and root can connect. Replaces an earlier socket; anything else
// in its place is an error. Errors: `cannot make '/x/bellhop.guard': …`.
Result<Handle> listen_for_agents(NativeHandle directory, const std::string& directory_path);
void stop_listening(NativeHandle directory);

// The next client of this user or root; empty if there is none.
Handle accept_agent(NativeHandle listener);

// Connects to a guard of this user or root. Empty if there is none. Writes nothing.
Handle connect_to_guard(NativeHandle directory);

}  // namespace bellhop::platform
