// Puts the program that is installed now in the place of the running one.
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
#include "state/snapshot.h"
#include "state/workers.h"

namespace bellhop::agent {

// The program that runs, and how it came to run.
struct RunningExecutable {
  std::string path = {};                    // where it is installed, absolute; empty: not known
  std::vector<std::string> arguments = {};  // as it was called, its name first
  std::string working_directory = {};       // which relative paths among them mean
  bool socket_was_passed = false;           // by the service manager
  // A file of it has a relative path, and a daemon is in another directory by now.
  bool configuration_is_lost = false;
  std::int64_t upgrades = 0;  // how many programs this process has run before
};

// What the environment variable is called by which the next program finds what it takes over.
inline constexpr const char* snapshot_variable = "BELLHOP_HANDOVER";

// What a program says that is asked, by --can-take-over, whether it would run with these options.
std::string probe_answer();

// One replacement at a time: asks the new program whether it is one, has the agent come to rest,
// hands over what it holds, and runs the new program in the same process. When something is in the
// way, the agent goes on as before. Used on the loop's thread.
class LiveUpgrade {
 public:
  // The agent that is to be replaced.
  class Target {
   public:
    virtual ~Target() = default;
    // Begins nothing new, and ends what it has begun, until resume().
    virtual void quiesce() = 0;
    // What keeps it from being at rest, in words for the log; nothing when it is.
    virtual std::optional<std::string> busy_reason() = 0;
    // Writes down all that it holds. From then on it is still, until resume(). False when something
    // has begun by itself.
    virtual bool snapshot(state::SnapshotWriter& writer) = 0;
    virtual void resume() = 0;
    virtual void upgrade_failed(const Error& error) = 0;
  };

  // How long the agent may take to come to rest.
  static constexpr std::chrono::seconds timeout{5};
  // For so long at a time it begins nothing new; then it serves for as long. Clients wait no
  // longer.
  static constexpr std::chrono::milliseconds window{500};

  // All must outlive the replacement.
  LiveUpgrade(asio::io_context& loop, const RunningExecutable& executable, state::Workers& workers,
              platform::Processes& processes, Target& target);

  // Returns only when there was no replacement, or not yet.
  void start();

 private:
  void start_probe();
  void on_probe_result(const Result<void>& answer);
  void start_window();
  void poll();
  void schedule_poll();
  void drain_pending_events(int times);
  void upgrade_if_idle();
  Result<void> exec_successor();
  void abort(const Error& error);

  asio::io_context& loop_;
  const RunningExecutable& executable_;
  state::Workers& workers_;
  platform::Processes& processes_;
  Target& target_;
  bool in_progress_ = false;
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point window_end_;
  asio::steady_timer timer_;
};

}  // namespace bellhop::agent
