// SPDX-License-Identifier: Apache-2.0
#include "config/startup.h"

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/path.h"
#include "config/configuration.h"
#include "config/help.h"
#include "config/options.h"
#include "platform/io/channel_kinds.h"
#include "platform/io/sockets.h"

namespace bellhop::config {
namespace {

std::string guest_agent_path(const CommandLine& line, const Environment& environment) {
  const char* variable = environment.variable("QGA_CONF");
  return line.guest_agent_configuration.value_or(variable ? variable
                                                          : environment.guest_agent_configuration);
}

// Reads the sources in the order of their precedence, the lowest first.
Result<void> load_settings(const CommandLine& line, const Environment& environment,
                           Settings& settings) {
  if (const char* file = environment.variable("QGA_OS_RELEASE")) settings.os_release = file;
  const auto presence = [](const auto& wanted) {
    return wanted ? Presence::required : Presence::optional;
  };
  TRY(read_guest_agent_configuration(guest_agent_path(line, environment),
                                     presence(line.guest_agent_configuration), settings));
  TRY(read_configuration(line.configuration.value_or(environment.configuration),
                         presence(line.configuration), settings));
  TRY(apply_options(line, settings));
  if (settings.verbose) settings.log.level = platform::LogLevel::debug;
  return {};
}

// Claims the socket that the service manager passed, if any.
Result<void> inherit_socket(Startup& startup, const Environment& environment) {
  TRY_ASSIGN(auto socket, platform::inherited_socket(environment.variable("LISTEN_PID"),
                                                     environment.variable("LISTEN_FDS")));
  if (!socket) return {};
  TRY_ASSIGN(const auto family, platform::socket_family(socket->get()));
  const auto* kind = platform::find_channel_kind(family == platform::SocketFamily::vsock
                                                     ? platform::ChannelKind::vsock_listen
                                                     : platform::ChannelKind::unix_listen);
  startup.settings.method = kind->name;
  startup.settings.path = std::nullopt;
  startup.settings.channels = {{kind, {}}};
  startup.inherited_socket = *std::move(socket);
  return {};
}

// Precedence: an inherited socket, the command line, Bellhop's list of channels, qemu-ga's options
// in files. Leaves no channel if the method is unknown, which --dump-conf prints all the same.
Result<void> choose_channels(Startup& startup, const CommandLine& line) {
  if (startup.inherited_socket) return {};
  Settings& settings = startup.settings;
  if (line.has('m') || line.has('p')) settings.channels.clear();
  if (!settings.channels.empty()) {
    settings.method = settings.channels.front().kind->name;
    settings.path = settings.channels.front().path;
    return {};
  }
  const auto* kind = platform::find_channel_kind(settings.method);
  if (!settings.path && kind && !kind->default_path.empty()) settings.path = kind->default_path;
  if (!settings.path) return failure("must specify a path for this channel");
  if (kind) settings.channels = {{kind, *settings.path}};
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
    if (channel.kind->path == platform::ChannelPath::new_file) paths.push_back(channel.path);
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
  make_absolute(settings.freeze.hook_directory, directory);
  for (ChannelSettings& channel : settings.channels) {
    if (channel.kind->path != platform::ChannelPath::address) {
      make_absolute(channel.path, directory);
    }
  }
}

}  // namespace

std::optional<EarlySettings> read_early_settings(int argc, char* const argv[],
                                                 const Environment& environment) {
  const CommandLine line = parse_command_line(argc, argv);
  if (line.action != Action::run || line.dump_configuration || line.probe || line.reload) {
    return std::nullopt;
  }
  Settings settings;
  read_what_is_valid(guest_agent_path(line, environment),
                     line.configuration.value_or(environment.configuration), settings);
  static_cast<void>(apply_options(line, settings));  // parse_startup() reports an error
  return EarlySettings{.state_directory = settings.state_dir, .limit = settings.freeze.timeout};
}

Result<Startup> parse_startup(int argc, char* const argv[], const Environment& environment) {
  const CommandLine line = parse_command_line(argc, argv);
  Startup startup{.action = line.action,
                  .output = line.output,
                  .identifier = std::string(base_name(line.program))};
  TRY(load_settings(line, environment, startup.settings));
  if (!line.problem.empty()) {
    return failure("{}\nTry '{} --help' for more information.", line.problem, line.program);
  }
  if (startup.action != Action::run) return startup;
  if (line.reload) {
    startup.action = Action::reload;
    startup.reload_pid = line.reload_pid;
    return startup;
  }

  Settings& settings = startup.settings;
  if (settings.log.target == LogTarget::file && !settings.log_file) {
    return failure("the log's target is a file, but no logfile is given");
  }
  TRY(inherit_socket(startup, environment));
  TRY(choose_channels(startup, line));
  if (line.dump_configuration) {
    startup.action = Action::print;
    startup.output = dump_configuration(settings);
    return startup;
  }
  if (settings.channels.empty()) {
    return failure("unsupported channel method/type: {}", settings.method);
  }
  if (line.probe) {
    TRY(require_parent_directories(settings));
    startup.action = Action::answer_probe;
    return startup;
  }
  if (settings.daemonize) make_paths_absolute(settings, environment.working_directory);
  return startup;
}

}  // namespace bellhop::config
