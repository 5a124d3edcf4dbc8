// SPDX-License-Identifier: Apache-2.0
// The commands that this build has.
#pragma once

#include <span>
#include <vector>

#include "rpc/command.h"

namespace bellhop {

// Ordered by name, including those of other operating systems.
std::span<const Command* const> all_commands();

// The operating system of this build; none if it is not one of Systems.
extern const Systems this_system;

// Those that exist on `system`, ordered by name.
std::vector<const Command*> commands_on(Systems system);

}  // namespace bellhop
