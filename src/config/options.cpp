// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/text.h"
#include "config/help.h"
#include "config/keys.h"
#include "config/option_parser.h"
#include "platform/io/default_paths.h"

namespace bellhop::config {
namespace {

constexpr int schema_option = 256;
constexpr int bellhop_config_option = 257;
constexpr int probe_option = 258;
constexpr int reload_option = 259;

using enum OptionValue;

// The order is qemu-ga's; messages about ambiguous abbreviations show it. `-s` is for Windows;
// elsewhere qemu-ga ignores it. Bellhop's own options may not be abbreviated, so that every
// abbreviation has qemu-ga's meaning.
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
    {reload_option, "reload", optional, false},
});

// An option that sets a setting. Instead of a list of names the value may request help.
void parse_setting(CommandLine& line, char option, std::string_view value) {
  const bool is_list = option == 'b' || option == 'a';
  if (is_list && (value == "help" || value == "?")) {
    line.action = Action::list_commands;
  } else {
    line.settings.push_back({option, std::string(value)});
  }
}

void parse_reload(CommandLine& line, const char* pid) {
  line.reload = true;
  if (!pid) return;
  line.reload_pid = text::parse_number<std::uint32_t>(pid);
  if (line.reload_pid) return;
  line.problem =
      fmt::format("{}: option '--reload' requires a pid, '{}' is not one", line.program, pid);
}

void parse_option(CommandLine& line, int option, const char* value) {
  switch (option) {
    case 'h':
      line.action = Action::print;
      line.output = help_text(line.program);
      break;
    case 'V':
      line.action = Action::print;
      line.output = version_text(line.program);
      break;
    case 'D':
      line.dump_configuration = true;
      break;
    case schema_option:
      line.action = Action::print_schema;
      break;
    case probe_option:
      line.probe = true;
      break;
    case reload_option:
      parse_reload(line, value);
      break;
    case 'F':
      parse_setting(line, 'F', value ? value : platform::default_paths().freeze_hook);
      break;
    default:
      parse_setting(line, static_cast<char>(option), value ? value : "true");
      break;
  }
}

}  // namespace

bool CommandLine::has(char option) const {
  return std::ranges::find(settings, option, &Setting::option) != settings.end();
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
    } else if (line.action != Action::run) {
      continue;
    } else if (!line.problem.empty()) {
      // The start fails, but must find a freeze that an earlier agent has left.
      if (parsed->id == 't') parse_setting(line, 't', parsed->value);
    } else if (!parsed->problem.empty()) {
      line.problem = parsed->problem;
    } else {
      parse_option(line, parsed->id, parsed->value);
    }
  }
  return line;
}

Result<void> apply_options(const CommandLine& line, Settings& settings) {
  const std::vector<Key> keys = keys_of(settings);
  for (const auto& [option, value] : line.settings) {
    const auto key = std::ranges::find(keys, option, &Key::option);
    if (key == keys.end()) continue;
    TRY(set(*key, {.key = key->name, .text = value, .has_escapes = false}));
  }
  return {};
}

}  // namespace bellhop::config
