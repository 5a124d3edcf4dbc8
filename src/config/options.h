// SPDX-License-Identifier: Apache-2.0
// The command line: qemu-ga's options, and Bellhop's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/settings.h"

namespace bellhop::config {

enum class Action {
  run,            // run the agent
  print,          // print a text, exit with status 0
  list_commands,  // print the names of all commands, one per line, in the schema's order
  print_schema,
  answer_probe,  // print the answer of a successor to the probe (--can-take-over)
  reload,        // request a live upgrade of the running agent and wait for its result
};

struct CommandLine {
  // An option that sets a setting.
  struct Setting {
    char option;
    std::string value;  // "true" for an option without a value
  };

  std::string program;                                        // argv[0]
  std::vector<Setting> settings = {};                         // in order
  std::optional<std::string> guest_agent_configuration = {};  // --config
  std::optional<std::string> configuration = {};              // --bellhop-config
  bool dump_configuration = false;
  bool probe = false;                           // --can-take-over
  bool reload = false;                          // --reload
  std::optional<std::int64_t> reload_pid = {};  // its value

  // From the first of: help, version, a list of commands, the schema, an option that does not exist
  // or lacks its value. Later options affect only which configuration files are read.
  Action action = Action::run;
  std::string output = {};   // of Action::print
  std::string problem = {};  // if not empty: why to refuse, in getopt's wording

  // True if `option` is among the settings.
  bool has(char option) const;
};

// See OptionParser for the syntax.
CommandLine parse_command_line(int argc, char* const argv[]);

// Applies the options to `settings`.
Result<void> apply_options(const CommandLine& line, Settings& settings);

}  // namespace bellhop::config
