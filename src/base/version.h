// SPDX-License-Identifier: Apache-2.0
// The version of Bellhop, and the version of qemu-ga whose protocol it implements.
#pragma once

#include <string_view>

namespace bellhop {

// The qemu-ga version whose protocol Bellhop implements. guest-info reports it, because clients
// decide by it which commands they may send.
inline constexpr std::string_view protocol_version = "11.1.3";

// Bellhop's own version, set by the build.
inline constexpr std::string_view program_version = BELLHOP_VERSION;

}  // namespace bellhop
