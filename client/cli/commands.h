// The subcommands of bellhop: each does its work, prints, and returns the exit status.
#pragma once

#include <optional>
#include <string>

#include "session.h"

namespace bellhop::cli {

struct CallSettings {
  std::string command;
  std::optional<std::string> arguments;  // JSON, or "-" for standard input
  bool compact = false;
  bool time = false;
};

ExitCode call(const Settings& settings, const CallSettings& call);
ExitCode ping(const Settings& settings);
ExitCode info(const Settings& settings);

}  // namespace bellhop::cli
