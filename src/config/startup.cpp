#include "config/startup.h"

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/path.h"
#include "config/configuration.h"
#include "config/dump_configuration.h"
#include "config/help.h"
#include "config/options.h"
#include "platform/io/channel_kinds.h"
#include "platform/io/socket_family.h"
#include "platform/io/sockets.h"

namespace bellhop::config {
namespace {

// The merged files and command line; the channels are not set yet.
struct LoadedConfig {
  Settings settings;
  Configuration configuration;
};

Result<LoadedConfig> load_config(const CommandLine& line, const Environment& environment) {
  LoadedConfig loaded;
  Settings& settings = loaded.settings;

  const char* variable = environment.variable("QGA_CONF");
  const std::string guest_agent_path = line.guest_agent_configuration.value_or(
      variable ? variable : environment.guest_agent_configuration);
  const auto presence = [](const auto& wanted) {
    return wanted ? Presence::required : Presence::optional;
  };
  TRY_ASSIGN(auto guest_agent, read_guest_agent_configuration(
                                   guest_agent_path, presence(line.guest_agent_configuration)));
  if (guest_agent) settings.guest_agent_configuration_file = guest_agent_path;

  const std::string path = line.configuration.value_or(environment.configuration);
  TRY_ASSIGN(auto own, read_configuration(path, presence(line.configuration)));
  if (own) settings.configuration_file = path;

  if (const char* file = environment.variable("QGA_OS_RELEASE")) settings.os_release = file;

  loaded.configuration = std::move(own).value_or(Configuration());
  GeneralOptions general = std::move(guest_agent).value_or(GeneralOptions());
  merge(general, loaded.configuration.general);
  merge(general, line.general);
  loaded.configuration.general = std::move(general);
  return loaded;
}

bool has_path(const ChannelSettings& channel, platform::ChannelPath path) {
  const auto* kind = platform::find_channel_kind(channel.method);
  return kind && kind->path == path;
}

void apply_general(Settings& settings, const GeneralOptions& general) {
  settings.daemonize = general.daemonize.value_or(settings.daemonize);
  settings.method = general.method.value_or(settings.method);
  settings.path = general.path;
  settings.log_file = general.log_file;
  settings.pid_file = general.pid_file.value_or(settings.pid_file);
  settings.fsfreeze_hook = general.fsfreeze_hook;
  settings.state_dir = general.state_dir.value_or(settings.state_dir);
  settings.verbose = general.verbose;
  settings.retry_path = general.retry_path.value_or(settings.retry_path);
  settings.blocked_commands = general.blocked;
  // As in qemu-ga, an empty allow list counts as no list.
  if (!general.allowed.empty()) settings.allowed_commands = general.allowed;
}

// Precedence: the command line's log file, the configured target, a configured file.
Result<void> apply_log(Settings& settings, const Configuration& configuration,
                       const CommandLine& line) {
  LogSettings& log = settings.log;
  log.format = configuration.log_format.value_or(log.format);
  log.level = configuration.log_level.value_or(log.level);
  if (settings.verbose) log.level = platform::LogLevel::debug;
  const LogTarget usual = settings.log_file ? LogTarget::file : LogTarget::standard_error;
  log.target = line.general.log_file ? LogTarget::file : configuration.log_target.value_or(usual);
  if (log.target == LogTarget::file && !settings.log_file) {
    return failure("the log's target is a file, but no logfile is given");
  }
  return {};
}

void apply_freeze(FreezeSettings& freeze, const Configuration& configuration) {
  freeze.hook_timeout = configuration.hook_timeout.value_or(freeze.hook_timeout);
  freeze.hook_directory = configuration.hook_directory.value_or(freeze.hook_directory);
  freeze.timeout = configuration.freeze_timeout.value_or(freeze.timeout);
}

// Claims the socket that the service manager passed, if any.
Result<void> inherit_socket(Startup& startup, const Environment& environment) {
  TRY_ASSIGN(auto socket, platform::inherited_socket(environment.variable("LISTEN_PID"),
                                                     environment.variable("LISTEN_FDS")));
  if (!socket) return {};
  TRY_ASSIGN(const auto family, platform::socket_family(socket->get()));
  startup.settings.method =
      family == platform::SocketFamily::vsock ? "vsock-listen" : "unix-listen";
  startup.settings.path = std::nullopt;
  startup.settings.channels = {{startup.settings.method, {}}};
  startup.inherited_socket = *std::move(socket);
  return {};
}

Result<void> default_path(Settings& settings) {
  if (settings.path) return {};
  const auto* kind = platform::find_channel_kind(settings.method);
  if (!kind || kind->default_path.empty()) return failure("must specify a path for this channel");
  settings.path = kind->default_path;
  return {};
}

// Precedence: an inherited socket, the command line, Bellhop's list of channels, qemu-ga's options
// in files.
Result<void> choose_channels(Startup& startup, const Configuration& configuration,
                             const CommandLine& line) {
  if (startup.inherited_socket) return {};
  Settings& settings = startup.settings;
  const bool by_command_line = line.general.method || line.general.path;
  if (!configuration.channels.empty() && !by_command_line) {
    settings.channels = configuration.channels;
    settings.method = settings.channels.front().method;
    settings.path = settings.channels.front().path;
    return {};
  }
  TRY(default_path(settings));
  settings.channels = {{settings.method, *settings.path}};
  return {};
}

Result<void> check_methods(const Settings& settings) {
  for (const ChannelSettings& channel : settings.channels) {
    if (!platform::find_channel_kind(channel.method)) {
      return failure("unsupported channel method/type: {}", channel.method);
    }
  }
  return {};
}

// Checks that the directory of a file that the agent creates exists. Relative paths are checked
// only with `relative_too`: they may be relative to a directory other than this program's.
Result<void> require_parent_directory(const std::string& path, bool relative_too) {
  const std::filesystem::path place = path_from_utf8(path);
  if (path.empty() || (!relative_too && !is_absolute_path(path))) return {};
  const auto directory = place.has_parent_path() ? place.parent_path() : ".";
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return {};
  return failure("there is no directory for {}", path);
}

// Finds early the errors that would end the agent at its start.
Result<void> require_parent_directories(const Settings& settings) {
  std::vector<std::string> paths{settings.state_dir + "/qga.state"};
  if (settings.log_file) paths.push_back(*settings.log_file);
  if (settings.daemonize) paths.push_back(settings.pid_file);
  for (const ChannelSettings& channel : settings.channels) {
    if (has_path(channel, platform::ChannelPath::new_file)) paths.push_back(channel.path);
  }
  for (const std::string& path : paths) {
    TRY(require_parent_directory(path, !settings.daemonize));
  }
  return {};
}

void make_absolute(std::string& path, const std::filesystem::path& directory) {
  if (!path.empty()) path = to_utf8(directory / path_from_utf8(path));
}

void make_paths_absolute(Settings& settings, const std::filesystem::path& directory) {
  make_absolute(settings.pid_file, directory);
  make_absolute(settings.state_dir, directory);
  if (settings.log_file) make_absolute(*settings.log_file, directory);
  if (settings.fsfreeze_hook) make_absolute(*settings.fsfreeze_hook, directory);
  if (!settings.freeze.hook_directory.empty()) {
    make_absolute(settings.freeze.hook_directory, directory);
  }
  for (ChannelSettings& channel : settings.channels) {
    if (!has_path(channel, platform::ChannelPath::address)) make_absolute(channel.path, directory);
  }
}

// Prepares an action other than running the agent. False if there is none.
Result<bool> apply_cli_action(Startup& startup, const CommandLine& line) {
  using Action = Startup::Action;
  switch (line.action) {
    case CliAction::nothing:
      return false;
    case CliAction::refuse:
      return failure("{}\nTry '{} --help' for more information.", line.problem, line.program);
    case CliAction::help:
      startup.action = Action::print;
      startup.output = help_text(line.program);
      return true;
    case CliAction::version:
      startup.action = Action::print;
      startup.output = version_text(line.program);
      return true;
    case CliAction::list_commands:
      startup.action = Action::list_commands;
      return true;
    case CliAction::schema:
      startup.action = Action::print_schema;
      return true;
  }
  return false;
}

}  // namespace

Result<Startup> parse_startup(int argc, char* const argv[], const Environment& environment) {
  const CommandLine line = parse_command_line(argc, argv);
  TRY_ASSIGN(auto loaded, load_config(line, environment));

  Startup startup;
  startup.identifier = base_name(line.program);
  TRY_ASSIGN(const auto taken, apply_cli_action(startup, line));
  if (taken) return startup;

  const Configuration& configuration = loaded.configuration;
  startup.settings = std::move(loaded.settings);
  Settings& settings = startup.settings;
  apply_general(settings, configuration.general);
  settings.workers.limit = configuration.workers_limit.value_or(settings.workers.limit);
  apply_freeze(settings.freeze, configuration);
  TRY(apply_log(settings, configuration, line));
  TRY(inherit_socket(startup, environment));
  TRY(choose_channels(startup, configuration, line));
  if (line.dump_configuration) {
    startup.action = Startup::Action::print;
    startup.output = dump_configuration(settings);
    return startup;
  }
  TRY(check_methods(settings));
  if (line.probe) {
    TRY(require_parent_directories(settings));
    startup.action = Startup::Action::answer_probe;
    return startup;
  }
  if (settings.daemonize) make_paths_absolute(settings, environment.working_directory);
  return startup;
}

}  // namespace bellhop::config
