// All commands of this build.
#pragma once

#include <span>

#include "rpc/command.h"

namespace bellhop {

// Ordered by name.
std::span<const Command* const> all_commands();

}  // namespace bellhop
