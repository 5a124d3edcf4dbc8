// The command line: qemu-ga's options, and Bellhop's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bellhop::config {

// What a source of configuration says in qemu-ga's terms: the command line, or the group [general]
// of a file.
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

// Lays `over` upon `base`: its single values replace those of `base`, its lists are appended, and
// what was verbose stays so.
void merge(GeneralOptions& base, const GeneralOptions& over);

// The names between commas, the last one first: the order in which qemu-ga keeps them, which shows
// in what --dump-conf prints. Nothing when `text` is empty.
std::vector<std::string> split_names(std::string_view text);

// What is to be done instead of running the agent.
enum class CliAction { nothing, help, version, list_commands, schema, refuse };

struct CommandLine {
  std::string program;  // as it was called
  GeneralOptions general = {};
  std::optional<std::string> guest_agent_configuration = {};  // --config
  std::optional<std::string> configuration = {};              // --bellhop-config
  bool dump_configuration = false;
  bool probe = false;  // --can-take-over

  // The first of help, version, a list of commands, the schema, and an option that does not exist
  // or lacks its value. What stands after it counts only for the configuration files.
  CliAction action = CliAction::nothing;
  std::string problem = {};  // why to refuse, in getopt's words
};

// Long options may be abbreviated and short ones combined; what is no option is ignored, as is
// everything after "--". Uses getopt_long(3), whose state is the process's: one thread at a time.
CommandLine parse_command_line(int argc, char* const argv[]);

}  // namespace bellhop::config
