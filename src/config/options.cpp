#include "config/options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

namespace bellhop::config {
namespace {

constexpr std::string_view default_hook = "/etc/qemu/fsfreeze-hook";

// '-': arguments that are no options are returned in their place, as option 1. ':': a missing value
// is told apart from an unknown option. `-s` belongs to Windows; elsewhere qemu-ga ignores it.
constexpr const char* short_options = "-:hVvdc:m:p:l:f:F::b:a:s:t:Dr";

constexpr int schema_option = 256;
constexpr int bellhop_config_option = 257;
constexpr int probe_option = 258;

constexpr auto guest_agent_options = std::to_array<option>({
    {"help", no_argument, nullptr, 'h'},
    {"version", no_argument, nullptr, 'V'},
    {"config", required_argument, nullptr, 'c'},
    {"dump-conf", no_argument, nullptr, 'D'},
    {"logfile", required_argument, nullptr, 'l'},
    {"pidfile", required_argument, nullptr, 'f'},
    {"fsfreeze-hook", optional_argument, nullptr, 'F'},
    {"verbose", no_argument, nullptr, 'v'},
    {"method", required_argument, nullptr, 'm'},
    {"path", required_argument, nullptr, 'p'},
    {"daemonize", no_argument, nullptr, 'd'},
    {"block-rpcs", required_argument, nullptr, 'b'},
    {"blacklist", required_argument, nullptr, 'b'},  // until qemu-ga 9.0
    {"allow-rpcs", required_argument, nullptr, 'a'},
    {"statedir", required_argument, nullptr, 't'},
    {"retry-path", no_argument, nullptr, 'r'},
    {nullptr, 0, nullptr, 0},
});

// Not to be abbreviated, so that every abbreviation means what it means to qemu-ga.
constexpr auto bellhop_options = std::to_array<option>({
    {"schema", no_argument, nullptr, schema_option},
    {"bellhop-config", required_argument, nullptr, bellhop_config_option},
    {"can-take-over", no_argument, nullptr, probe_option},
    {nullptr, 0, nullptr, 0},
});

std::string_view long_name(std::string_view argument) {
  return argument.substr(2, argument.find('=') - 2);
}

bool names_bellhop_option(std::string_view argument) {
  return argument.starts_with("--") &&
         std::ranges::any_of(bellhop_options, [&](const option& candidate) {
           return candidate.name && long_name(argument) == candidate.name;
         });
}

// Why getopt refused `argument`, which begins with "--": the words are glibc's.
std::string long_option_problem(std::string_view argument) {
  const std::string_view name = long_name(argument);
  std::string candidates;
  for (const option& candidate : guest_agent_options) {
    if (candidate.name && std::string_view(candidate.name).starts_with(name)) {
      candidates += fmt::format(" '--{}'", candidate.name);
    }
  }
  if (candidates.empty()) return fmt::format("unrecognized option '{}'", argument);
  return fmt::format("option '{}' is ambiguous; possibilities:{}", argument, candidates);
}

const char* long_option_of(int value) {
  for (const auto& table :
       {std::span<const option>(guest_agent_options), std::span<const option>(bellhop_options)}) {
    for (const option& candidate : table) {
      if (candidate.name && candidate.val == value) return candidate.name;
    }
  }
  return "";
}

// `result` is what getopt_long() returned, `argument` what it was looking at, `value` its optopt.
std::string problem_with(int result, std::string_view argument, int value) {
  const bool is_long = argument.starts_with("--");
  if (result == ':') {
    return is_long ? fmt::format("option '--{}' requires an argument", long_option_of(value))
                   : fmt::format("option requires an argument -- '{}'", static_cast<char>(value));
  }
  if (!is_long) return fmt::format("invalid option -- '{}'", static_cast<char>(value));
  if (value == 0) return long_option_problem(argument);
  return fmt::format("option '--{}' doesn't allow an argument", long_option_of(value));
}

// `names` of --block-rpcs or --allow-rpcs, which may ask for help instead.
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
      general.fsfreeze_hook = value ? value : std::string(default_hook);
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
  std::vector<std::string> names;
  if (text.empty()) return names;
  while (true) {
    const std::size_t comma = text.find(',');
    names.emplace_back(text.substr(0, comma));
    if (comma == text.npos) break;
    text.remove_prefix(comma + 1);
  }
  std::ranges::reverse(names);
  return names;
}

CommandLine parse_command_line(int argc, char* const argv[]) {
  CommandLine line{.program = argc > 0 ? argv[0] : "bellhopd"};
  optind = 0;  // begins anew
  opterr = 0;  // says nothing itself
  while (true) {
    const int at = std::max(optind, 1);
    if (at >= argc) break;
    const std::string_view argument = argv[at];
    const option* table =
        names_bellhop_option(argument) ? bellhop_options.data() : guest_agent_options.data();
    optopt = 0;
    const int option = getopt_long(argc, argv, short_options, table, nullptr);
    if (option == -1) break;
    if (option == 'c') {
      line.guest_agent_configuration = optarg;
    } else if (option == bellhop_config_option) {
      line.configuration = optarg;
    } else if (line.action != CliAction::nothing) {
      continue;
    } else if (option == '?' || option == ':') {
      line.action = CliAction::refuse;
      line.problem = problem_with(option, argument, optopt);
    } else {
      parse_option(line, option, optarg);
    }
  }
  return line;
}

}  // namespace bellhop::config
