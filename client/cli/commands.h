// SPDX-License-Identifier: Apache-2.0
// The subcommands of bellhop. Each prints its result or error and returns the exit status.
#pragma once

#include <optional>
#include <string>

#include "cli_support.h"

namespace bellhop::cli {

struct CallOptions {
  std::string command;
  std::optional<std::string> arguments;  // JSON, or "-" for standard input
  bool compact = false;
  bool time = false;
};

ExitCode call(const CliOptions& cli_options, const CallOptions& call);
ExitCode ping(const CliOptions& cli_options);
ExitCode info(const CliOptions& cli_options);

}  // namespace bellhop::cli
