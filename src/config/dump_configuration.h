// What --dump-conf prints.
#pragma once

#include <string>

#include "config/settings.h"

namespace bellhop::config {

// The settings that qemu-ga knows, as its configuration file: what it would print itself, byte for
// byte. Bellhop's own settings are not part of it.
std::string dump_configuration(const Settings& settings);

}  // namespace bellhop::config
