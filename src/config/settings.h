// SPDX-License-Identifier: Apache-2.0
// The settings of a running agent, from options and configuration files.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "platform/io/channel_kinds.h"
#include "platform/io/default_paths.h"
#include "platform/log/log_output.h"

namespace bellhop::config {

// One channel.
struct ChannelSettings {
  const platform::ChannelKindFacts* kind;  // of platform::channel_kinds()
  std::string path;  // device, socket, or "cid:port"; empty for an inherited socket
  bool operator==(const ChannelSettings&) const = default;
};

// What a freeze does with filesystems that cannot be reached. by_reason: skips those that other
// filesystems hide and those of which only a file or socket is mounted; fails for others.
enum class OnUnreachable { by_reason, skip, fail };

enum class LogTarget { standard_error, file, syslog, journal };
enum class LogFormat { text, json };

struct LogSettings {
  LogTarget target = LogTarget::standard_error;
  LogFormat format = LogFormat::text;  // of standard error and files
  platform::LogLevel level = platform::LogLevel::critical;
  bool exec_arguments = true;  // of the programs that guest-exec starts are logged
};

struct WorkerSettings {
  std::size_t limit = 64;  // maximum number of commands that run on workers at a time
};

struct FreezeSettings {
  std::chrono::seconds hook_timeout{60};
  std::string hook_directory = platform::default_paths().freeze_hook_directory;  // none when empty
  // Auto-thaw timeout. Longer than hosts need for a disk snapshot, shorter than a guest survives
  // without writes. 0: none.
  std::chrono::seconds timeout{600};
  // Filesystems that are not frozen: shell patterns.
  std::vector<std::string> skip_types = {};
  std::vector<std::string> skip_mountpoints = {};
  std::vector<std::string> skip_devices = {};
  OnUnreachable on_unreachable = OnUnreachable::by_reason;
};

struct Settings {
  // The values of qemu-ga's options; the agent serves `channels`.
  std::string method{platform::channel_kinds().front().name};
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
  std::vector<std::string> allowed_commands = {};  // empty: all

  std::optional<std::string> os_release = {};  // QGA_OS_RELEASE: replaces the path of os-release

  LogSettings log = {};
  WorkerSettings workers = {};
  FreezeSettings freeze = {};

  // The configuration files that were read, if any.
  std::optional<std::string> guest_agent_configuration_file = {};
  std::optional<std::string> configuration_file = {};
};

}  // namespace bellhop::config
