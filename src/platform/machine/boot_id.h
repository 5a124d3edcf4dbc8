// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace bellhop::platform {

// Differs after each boot of the system; empty if unknown.
std::string boot_id();

}  // namespace bellhop::platform
