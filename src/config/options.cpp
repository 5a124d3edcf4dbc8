#include "config/options.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "base/text.h"
#include "config/option_parser.h"
#include "platform/io/default_paths.h"

namespace bellhop::config {
namespace {

constexpr int schema_option = 256;
constexpr int bellhop_config_option = 257;
constexpr int probe_option = 258;

using enum OptionValue;

// `-s` is for Windows; elsewhere qemu-ga ignores it. Bellhop's own options may not be abbreviated,
// so that every abbreviation has qemu-ga's meaning.
constexpr auto options = std::to_array<Option>({
    {'h', "help"},
    {'V', "version"},
    {'c', "config", required},
    {'D', "dump-conf"},
    {'l', "logfile", required},
    {'f', "pidfile", required},
    {'F', "fsfreeze-hook", optional},
    {'v', "verbose"},
    {'m', "method", required},
    {'p', "path", required},
    {'d', "daemonize"},
    {'b', "block-rpcs", required},
    {'b', "blacklist", required},  // until qemu-ga 9.0
    {'a', "allow-rpcs", required},
    {'t', "statedir", required},
    {'r', "retry-path"},
    {'s', "", required},
    {schema_option, "schema", none, false},
    {bellhop_config_option, "bellhop-config", required, false},
    {probe_option, "can-take-over", none, false},
});

// Parses `names` of --block-rpcs or --allow-rpcs, which may request help instead.
void parse_names(CommandLine& line, std::vector<std::string>& list, std::string_view names) {
  if (names == "help" || names == "?") {
    line.action = CliAction::list_commands;
    return;
  }
  std::ranges::move(split_names(names), std::back_inserter(list));
}

void parse_option(CommandLine& line, int option, const char* value) {
  GeneralOptions& general = line.general;
  switch (option) {
    case 'm':
      general.method = value;
      break;
    case 'p':
      general.path = value;
      break;
    case 'l':
      general.log_file = value;
      break;
    case 'f':
      general.pid_file = value;
      break;
    case 'F':
      general.fsfreeze_hook = value ? value : platform::default_paths().freeze_hook;
      break;
    case 't':
      general.state_dir = value;
      break;
    case 'v':
      general.verbose = true;
      break;
    case 'd':
      general.daemonize = true;
      break;
    case 'r':
      general.retry_path = true;
      break;
    case 'b':
      parse_names(line, general.blocked, value);
      break;
    case 'a':
      parse_names(line, general.allowed, value);
      break;
    case 'D':
      line.dump_configuration = true;
      break;
    case 'V':
      line.action = CliAction::version;
      break;
    case 'h':
      line.action = CliAction::help;
      break;
    case probe_option:
      line.probe = true;
      break;
    case schema_option:
      line.action = CliAction::schema;
      break;
    default:
      break;
  }
}

template <class T>
void replace(std::optional<T>& base, const std::optional<T>& over) {
  if (over) base = over;
}

}  // namespace

void merge(GeneralOptions& base, const GeneralOptions& over) {
  replace(base.daemonize, over.daemonize);
  replace(base.method, over.method);
  replace(base.path, over.path);
  replace(base.log_file, over.log_file);
  replace(base.pid_file, over.pid_file);
  replace(base.fsfreeze_hook, over.fsfreeze_hook);
  replace(base.state_dir, over.state_dir);
  replace(base.retry_path, over.retry_path);
  base.verbose = base.verbose || over.verbose;
  base.blocked.insert(base.blocked.end(), over.blocked.begin(), over.blocked.end());
  base.allowed.insert(base.allowed.end(), over.allowed.begin(), over.allowed.end());
}

std::vector<std::string> split_names(std::string_view text) {
  if (text.empty()) return {};
  const auto names = text::split(text, ',');
  return {names.rbegin(), names.rend()};
}

CommandLine parse_command_line(int argc, char* const argv[]) {
  CommandLine line{.program = argc > 0 ? argv[0] : "bellhopd"};
  const auto count = static_cast<std::size_t>(std::max(argc - 1, 0));
  OptionParser parser(options, {argv + 1, count});
  while (const std::optional<ParsedOption> parsed = parser.next()) {
    if (parsed->id == 'c') {
      line.guest_agent_configuration = parsed->value;
    } else if (parsed->id == bellhop_config_option) {
      line.configuration = parsed->value;
    } else if (line.action != CliAction::nothing) {
      continue;
    } else if (!parsed->problem.empty()) {
      line.action = CliAction::refuse;
      line.problem = parsed->problem;
    } else {
      parse_option(line, parsed->id, parsed->value);
    }
  }
  return line;
}

}  // namespace bellhop::config
