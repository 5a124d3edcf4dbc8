// What a command's handler may touch.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>

#include "rpc/command.h"

namespace bellhop::platform {
class ClockSetting;
class Power;
class Processes;
}  // namespace bellhop::platform

namespace bellhop::state {
class OpenFiles;
class Jobs;
class Freeze;
class KeyedMutex;
class StatvfsPool;
}  // namespace bellhop::state

namespace bellhop::agent {
class Log;
class Policy;
}  // namespace bellhop::agent

namespace bellhop::config {
struct Settings;
}  // namespace bellhop::config

namespace bellhop {

// Passed to every handler. Everything it refers to outlives all commands and may be used from any
// thread.
struct Services {
  std::span<const Command* const> commands;  // all that exist here, in the order of guest-info
  const agent::Policy& policy;
  const config::Settings& settings;
  state::OpenFiles& files;
  state::Jobs& jobs;
  state::Freeze& freeze;
  platform::Processes& programs;  // of the system, which commands run for their own ends
  platform::Power& power;
  platform::ClockSetting& clock_setting;
  state::StatvfsPool& statvfs_pool;
  state::KeyedMutex& authorized_keys_mutex;
  agent::Log& log;
  std::chrono::steady_clock::time_point started;
  // The directory that holds the system's /proc, /sys, /dev, /etc and /run: a recorded tree in
  // tests.
  std::filesystem::path system_root = "/";
  std::int64_t upgrades = 0;  // how many programs this process has run before
};

}  // namespace bellhop
