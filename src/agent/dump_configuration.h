// What --dump-conf prints.
#pragma once

#include <string>

#include "agent/settings.h"

namespace bellhop::agent {

// The settings that qemu-ga knows, as its configuration file: what it would print itself, byte for
// byte. Bellhop's own settings are not part of it.
std::string dump_configuration(const Settings& settings);

}  // namespace bellhop::agent
