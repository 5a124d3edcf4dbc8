// SPDX-License-Identifier: Apache-2.0
// Live upgrade: replaces the running program by the installed one, in the same process.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/process/process.h"
#include "platform/process/program_file.h"
#include "state/snapshot.h"
#include "state/workers.h"

namespace bellhop::agent {

// The running program and how it was started.
struct RunningExecutable {
  std::string path = {};                    // where it is installed, absolute; empty: unknown
  std::vector<std::string> arguments = {};  // including argv[0]
  std::string working_directory = {};       // base of their relative paths
  bool socket_was_passed = false;           // by the service manager
  // A configuration file has a relative path, and the daemon has changed its working directory.
  bool configuration_is_lost = false;
  std::int64_t upgrades = 0;         // live upgrades of this process so far
  std::string service_manager = {};  // its address, for notify_service_manager()
};

// The environment variable that contains the fd of the snapshot, for the successor.
inline constexpr const char* snapshot_variable = "BELLHOP_HANDOVER";

// The snapshot's record with the descriptor of the running program, which the successor closes.
inline constexpr const char* successor_record = "successor";

// The output of --can-take-over if the agent would run with the given options: the version of the
// snapshots that it reads.
std::string probe_answer();

// Runs one upgrade at a time: opens and probes the successor, quiesces the target, snapshots it and
// executes the file that was probed in place. If a step fails, the target resumes. Used on the
// loop's thread.
class LiveUpgrade {
 public:
  // What is upgraded: the agent.
  class Target {
   public:
    virtual ~Target() = default;
    // Starts no new requests and lets running ones finish, until resume().
    virtual void quiesce() = 0;
    // Why the target is not idle, as text for the log; nullopt if it is idle.
    virtual std::optional<std::string> busy_reason() = 0;
    // Writes the complete state; the target then stays idle until resume(). Returns false if the
    // target has become busy without a request.
    virtual bool snapshot(state::SnapshotWriter& writer) = 0;
    // Undoes quiesce() and snapshot().
    virtual void resume() = 0;
    // Called when an upgrade has failed; the target serves again.
    virtual void upgrade_failed(const Error& error) = 0;
  };

  // How long the target may take to become idle.
  static constexpr std::chrono::seconds timeout{5};
  // The target quiesces and serves alternately, each for this long. No client waits longer.
  static constexpr std::chrono::milliseconds window{500};

  // The parameters must outlive the upgrade.
  LiveUpgrade(asio::io_context& loop, const RunningExecutable& executable, state::Workers& workers,
              platform::Processes& processes, Target& target);

  // Starts an upgrade; ignored while one is in progress. Does not block. A successful upgrade
  // executes the successor later; a failed one calls Target::upgrade_failed().
  void start();

 private:
  void start_probe();
  void on_probe_result(Result<platform::ProgramFile> answer);
  void start_window();
  void poll();
  void call_after(std::chrono::milliseconds delay, void (LiveUpgrade::*step)());
  Error exec_successor();
  void abort(const Error& error);

  asio::io_context& loop_;
  const RunningExecutable& executable_;
  state::Workers& workers_;
  platform::Processes& processes_;
  Target& target_;
  bool in_progress_ = false;
  std::optional<platform::ProgramFile> successor_;  // the program that has answered the probe
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point window_end_;
  asio::steady_timer timer_;
};

}  // namespace bellhop::agent
