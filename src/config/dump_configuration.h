// The output of --dump-conf.
#pragma once

#include <string>

#include "config/settings.h"

namespace bellhop::config {

// The settings that qemu-ga has, as its configuration file: byte for byte the output of qemu-ga.
// Excludes Bellhop's own settings.
std::string dump_configuration(const Settings& settings);

}  // namespace bellhop::config
