// Which version this is, and which version's behaviour it promises.
#pragma once

#include <string_view>

namespace bellhop {

// The qemu-ga whose protocol Bellhop speaks: what guest-info reports, because clients decide by
// it which commands they may send.
inline constexpr std::string_view protocol_version = "11.1.3";

// Bellhop's own version, which the build passes.
inline constexpr std::string_view program_version = BELLHOP_VERSION;

}  // namespace bellhop
