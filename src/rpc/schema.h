// SPDX-License-Identifier: Apache-2.0
// The schema of all commands as JSON.
#pragma once

#include <span>
#include <string_view>

#include "rpc/command.h"
#include "wire/json_writer.h"

namespace bellhop {

// Writes an object:
//   version   `version`, Bellhop's own
//   commands  an object; for each command by its wire name: documentation, since, access (none,
//             inspect, read, write, execute, power), runs (at-once, on-worker), never-waits,
//             served-while-frozen, success-response, and arguments and returns as JSON Schema
//             (draft 2020-12); strings of base64 have contentEncoding "base64"
void write_schema(wire::JsonWriter& writer, std::span<const Command* const> commands,
                  std::string_view version);

}  // namespace bellhop
