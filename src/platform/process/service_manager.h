// SPDX-License-Identifier: Apache-2.0
// Reports the agent's state to the service manager that started it (sd_notify(3)).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace bellhop::platform {

// `reloading` must be followed by `ready`.
enum class ServiceState { unchanged, ready, reloading, stopping };

// The address of the service manager from NOTIFY_SOCKET; empty if there is none. Removes the
// variable: programs that the agent starts do not inherit it. Call it before any thread starts.
std::string claim_service_manager();

// Sends a state and a text for an administrator, if it is not empty. Does nothing if `address` is
// empty. Blocks for at most 1 s, and not for `unchanged`. Thread-safe. Errors: `cannot notify the
// service manager at '/x': …`.
Result<void> notify_service_manager(const std::string& address, ServiceState state,
                                    std::string_view status);

}  // namespace bellhop::platform
