// The configuration files: qemu-ga's and Bellhop's own.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/key_file.h"
#include "config/options.h"
#include "config/settings.h"

namespace bellhop::config {

// The content of Bellhop's own configuration file. A setting that the file does not contain keeps
// its default.
struct Configuration {
  GeneralOptions general = {};
  std::vector<ChannelSettings> channels = {};  // empty: one channel, from the general options
  std::optional<LogTarget> log_target = {};
  std::optional<LogFormat> log_format = {};
  std::optional<platform::LogLevel> log_level = {};
  std::optional<std::size_t> workers_limit = {};
  std::optional<std::chrono::seconds> hook_timeout = {};
  std::optional<std::string> hook_directory = {};
  std::optional<std::chrono::seconds> freeze_timeout = {};
};

// Whether a file must exist.
enum class Presence { optional, required };

// The group [general] of the file at `path`. As in qemu-ga, other groups and unknown keys are
// ignored. nullopt if an optional file does not exist.
Result<std::optional<GeneralOptions>> read_guest_agent_configuration(const std::string& path,
                                                                     Presence presence);

// Bellhop's file at `path`. An unknown group or key is an error that names the file, the line and
// the closest valid name. nullopt if an optional file does not exist.
Result<std::optional<Configuration>> read_configuration(const std::string& path, Presence presence);

}  // namespace bellhop::config
