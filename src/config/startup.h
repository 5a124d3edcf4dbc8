// What a start of the program is to do, from its command line, its environment and its files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"
#include "config/settings.h"
#include "platform/io/default_paths.h"
#include "platform/io/handle.h"

namespace bellhop::config {

// Where a start takes place.
struct Environment {
  std::function<const char*(const char* name)> variable;  // as getenv(3)
  std::filesystem::path working_directory;
  std::string guest_agent_configuration = platform::default_paths().guest_agent_configuration;
  std::string configuration = platform::default_paths().configuration;
};

struct Startup {
  enum class Action {
    run,            // serve, as `settings` say
    print,          // print `output`, and end with status 0
    list_commands,  // print the names of all commands, a line each, in the schema's order
    print_schema,
    answer_probe,  // print what a successor answers to a running agent (--can-take-over)
  };

  Action action = Action::run;
  std::string output = {};
  std::string identifier = {};  // the program's name in logs
  Settings settings = {};
  // The socket that the service manager passed; the only channel when there is one.
  platform::Handle inherited_socket = {};
};

// Decides, without changing anything. An error is for standard error, and the program ends with
// status 1. When the agent is to be a daemon, which changes its directory, the settings have
// absolute paths.
Result<Startup> parse_startup(int argc, char* const argv[], const Environment& environment);

}  // namespace bellhop::config
