// Everything a running agent needs to know: what options and configuration files came to.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "platform/io/default_paths.h"
#include "platform/log/log_output.h"

namespace bellhop::config {

// One way by which clients reach the agent.
struct ChannelSettings {
  std::string method;  // the name of a platform::ChannelKind
  std::string path;    // device, socket, or "cid:port"; empty for a socket that was passed in
  bool operator==(const ChannelSettings&) const = default;
};

enum class LogTarget { standard_error, file, syslog, journal };
enum class LogFormat { text, json };

struct LogSettings {
  LogTarget target = LogTarget::standard_error;
  LogFormat format = LogFormat::text;  // of standard error and files
  platform::LogLevel level = platform::LogLevel::critical;
};

struct WorkerSettings {
  std::size_t limit = 64;  // commands that may run at a time on threads of their own
};

struct FreezeSettings {
  std::chrono::seconds hook_timeout{60};
  std::string hook_directory = platform::default_paths().freeze_hook_directory;  // none when empty
  // Longer than hosts take for a snapshot, shorter than a guest survives that cannot write. 0: none
  std::chrono::seconds timeout{600};
};

struct Settings {
  // As qemu-ga's options say; the agent serves `channels`.
  std::string method = "virtio-serial";
  std::optional<std::string> path = {};

  std::vector<ChannelSettings> channels = {};  // at least one
  bool retry_path = false;
  bool daemonize = false;
  bool verbose = false;
  std::optional<std::string> log_file = {};
  std::string pid_file = platform::default_paths().pid_file;  // written when daemonize
  std::optional<std::string> fsfreeze_hook = {};
  std::string state_dir = platform::default_paths().state_directory;
  std::vector<std::string> blocked_commands = {};
  std::optional<std::vector<std::string>> allowed_commands = {};  // none: all

  std::optional<std::string> os_release = {};  // QGA_OS_RELEASE: instead of the system's file

  LogSettings log = {};
  WorkerSettings workers = {};
  FreezeSettings freeze = {};

  // The configuration files that were read, where there were any.
  std::optional<std::string> guest_agent_configuration_file = {};
  std::optional<std::string> configuration_file = {};
};

}  // namespace bellhop::config
