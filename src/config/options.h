// The command line: qemu-ga's options, and Bellhop's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bellhop::config {

// The options of qemu-ga from one source: the command line, or the group [general] of a file.
struct GeneralOptions {
  std::optional<bool> daemonize = {};
  std::optional<std::string> method = {};
  std::optional<std::string> path = {};
  std::optional<std::string> log_file = {};
  std::optional<std::string> pid_file = {};
  std::optional<std::string> fsfreeze_hook = {};
  std::optional<std::string> state_dir = {};
  bool verbose = false;
  std::optional<bool> retry_path = {};
  std::vector<std::string> blocked = {};  // in the order of split_names()
  std::vector<std::string> allowed = {};
};

// Merges `over` into `base`: single values of `over` replace those of `base`, lists are appended,
// and `verbose` is set if either has it.
void merge(GeneralOptions& base, const GeneralOptions& over);

// The names between commas, the last one first: qemu-ga keeps them in this order, which is visible
// in the output of --dump-conf. Empty if `text` is empty.
std::vector<std::string> split_names(std::string_view text);

// What to do instead of running the agent.
enum class CliAction { nothing, help, version, list_commands, schema, refuse };

struct CommandLine {
  std::string program;  // argv[0]
  GeneralOptions general = {};
  std::optional<std::string> guest_agent_configuration = {};  // --config
  std::optional<std::string> configuration = {};              // --bellhop-config
  bool dump_configuration = false;
  bool probe = false;  // --can-take-over

  // The first of: help, version, a list of commands, the schema, an option that does not exist or
  // lacks its value. Later options affect only which configuration files are read.
  CliAction action = CliAction::nothing;
  std::string problem = {};  // why to refuse, in getopt's wording
};

// See OptionParser for the syntax.
CommandLine parse_command_line(int argc, char* const argv[]);

}  // namespace bellhop::config
