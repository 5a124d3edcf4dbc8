// SPDX-License-Identifier: Apache-2.0
// Decides what a start of the program does, from its command line, environment and configuration
// files.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "config/options.h"
#include "config/settings.h"
#include "platform/io/default_paths.h"
#include "platform/io/handle.h"

namespace bellhop::config {

// The environment of a start.
struct Environment {
  std::function<const char*(const char* name)> variable;  // as getenv(3)
  std::filesystem::path working_directory;
  std::string guest_agent_configuration = platform::default_paths().guest_agent_configuration;
  std::string configuration = platform::default_paths().configuration;
};

struct Startup {
  using Action = config::Action;

  Action action = Action::run;
  std::string output = {};                      // of Action::print
  std::string identifier = {};                  // the program's name in logs
  Settings settings = {};                       // of Action::run and Action::reload
  std::optional<std::int64_t> reload_pid = {};  // nullopt: the owner of the pid file
  // The socket from the service manager; if set, it is the only channel.
  platform::Handle inherited_socket = {};
};

// What a start must know before anything else that could fail: where the freeze of an earlier agent
// has left its mark, and the limit for a mark that contains none. Errors in configuration files are
// ignored. nullopt if the command line does not start the agent.
struct EarlySettings {
  std::string state_directory;
  std::chrono::milliseconds limit;
};
std::optional<EarlySettings> read_early_settings(int argc, char* const argv[],
                                                 const Environment& environment);

// Has no side effects except that it claims the inherited socket. On error, the caller prints it to
// standard error and exits with status 1. If the agent is to be a daemon, which changes its working
// directory, the paths in the settings are absolute.
Result<Startup> parse_startup(int argc, char* const argv[], const Environment& environment);

}  // namespace bellhop::config
