// SPDX-License-Identifier: Apache-2.0
// The configuration files: qemu-ga's and Bellhop's own.
#pragma once

#include <string>

#include "base/error.h"
#include "config/settings.h"

namespace bellhop::config {

// Whether a file must exist.
enum class Presence { optional, required };

// Both functions apply the file at `path` to `settings`, which then name the file. The members that
// the file does not contain keep their values. An optional file that does not exist changes
// nothing. On error the content of `settings` is unspecified.

// qemu-ga's file, of which the group [general] is read. As in qemu-ga, other groups and unknown
// keys are ignored.
Result<void> read_guest_agent_configuration(const std::string& path, Presence presence,
                                            Settings& settings);

// Bellhop's file. An unknown group or key is an error that names the file, the line and the closest
// valid name.
Result<void> read_configuration(const std::string& path, Presence presence, Settings& settings);

// For a start that one of the functions above ends with an error: applies what is valid in
// qemu-ga's file and in Bellhop's. Ignores errors.
void read_what_is_valid(const std::string& guest_agent_path, const std::string& path,
                        Settings& settings);

// The output of --dump-conf: the settings that qemu-ga has, as its configuration file, byte for
// byte the output of qemu-ga.
std::string dump_configuration(Settings settings);

}  // namespace bellhop::config
