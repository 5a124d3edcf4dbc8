// SPDX-License-Identifier: Apache-2.0
// The process-wide objects that handlers use.
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

// In the CommandContext of every call. Everything it refers to outlives all commands and is
// thread-safe.
struct Services {
  std::span<const Command* const> commands;  // all that exist here, in the order of guest-info
  const agent::Policy& policy;
  const config::Settings& settings;
  state::OpenFiles& files;
  state::Jobs& jobs;
  state::Freeze& freeze;
  platform::Processes& programs;  // helper programs that commands run
  platform::Power& power;
  platform::ClockSetting& clock_setting;
  state::StatvfsPool& statvfs_pool;
  state::KeyedMutex& authorized_keys_mutex;
  agent::Log& log;
  std::chrono::steady_clock::time_point started;
  // The directory that contains /proc, /sys, /dev, /etc and /run; in tests a recorded tree.
  std::filesystem::path system_root = "/";
  std::int64_t upgrades = 0;  // live upgrades of this process so far
};

}  // namespace bellhop
