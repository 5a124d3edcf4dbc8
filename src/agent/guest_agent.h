// The running agent: everything that it is made of, put together.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/channel_server.h"
#include "agent/dispatch.h"
#include "agent/log.h"
#include "agent/policy.h"
#include "agent/services.h"
#include "agent/upgrade/live_upgrade.h"
#include "channel/channel.h"
#include "channel/reactor.h"
#include "config/startup.h"
#include "platform/clock/clock_setting.h"
#include "platform/power/power.h"
#include "platform/process/process.h"
#include "platform/storage/local_filesystems.h"
#include "state/freeze/freeze.h"
#include "state/jobs.h"
#include "state/keyed_mutex.h"
#include "state/open_files.h"
#include "state/persistent_state.h"
#include "state/snapshot.h"
#include "state/statvfs_pool.h"
#include "state/workers.h"

namespace bellhop::agent {

// The file that exists while filesystems are frozen, also from one agent to the next.
std::filesystem::path freeze_state_file(const config::Settings& settings);

// Serves clients as a start startup says. One to a process: it takes over SIGINT and SIGTERM, which
// end it (but not while filesystems are frozen), and SIGUSR2, upon which it puts the program that
// is installed now in its place; it ignores SIGPIPE.
class GuestAgent : private LiveUpgrade::Target {
 public:
  // Called when filesystems that were frozen at the start have thawed: what had to wait for that.
  using Deferred = std::function<void()>;

  // How it begins, beside the startup.
  struct Start {
    // Filesystems are frozen; nothing is then written before the thaw.
    bool frozen = false;
    Deferred after_first_thaw = {};
    // What an earlier program of this process has left.
    std::optional<state::Snapshot> snapshot = {};
    RunningExecutable executable = {};
    // Writes down what is not the service's.
    std::function<void(state::SnapshotWriter&)> add_to_snapshot = {};
  };

  // `log` must outlive the service.
  GuestAgent(config::Startup startup, std::span<const Command* const> commands, Log& log,
             Start start);
  ~GuestAgent() override;

  // Opens the channels. An error says why the agent cannot serve.
  Result<void> start();

  // Serves until a signal ends it.
  void run();

  // Ends sessions and threads. False when commands are still running: the process can then only
  // leave by _exit(2).
  bool stop();

 private:
  state::FreezeOptions freeze_options(Deferred after_first_thaw);
  Result<std::unique_ptr<channel::Channel>> make_channel(const config::ChannelSettings& settings);
  Result<std::unique_ptr<channel::Channel>> make_port(const config::ChannelSettings& settings);
  Result<void> open_channels();
  Result<void> add_channel(const config::ChannelSettings& settings);
  void await_signal();
  void end_if_wanted();
  void restore(state::Snapshot& snapshot);
  const state::SnapshotRecord* channel_record(const std::string& description) const;
  void finish_restore();
  void log_or_defer(Log::Level level, std::string text);
  void flush_deferred_log();

  void quiesce() override;
  std::optional<std::string> busy_reason() override;
  bool snapshot(state::SnapshotWriter& writer) override;
  void resume() override;
  void upgrade_failed(const Error& error) override;

  config::Startup startup_;
  Start start_;
  Log& log_;
  asio::io_context loop_;  // outlives the freeze, which posts to it
  Policy policy_;
  state::PersistentState persistent_;
  state::OpenFiles files_;
  state::Jobs jobs_;
  platform::Processes programs_;
  std::unique_ptr<platform::Filesystems> filesystems_;
  state::Freeze freeze_;
  std::unique_ptr<platform::Power> power_;
  std::unique_ptr<platform::ClockSetting> clock_setting_;
  state::StatvfsPool statvfs_pool_;
  state::KeyedMutex authorized_keys_mutex_;
  Services services_;
  Dispatcher dispatcher_;
  state::Workers workers_;

  asio::signal_set signals_;
  asio::steady_timer end_timer_;
  bool end_wanted_ = false;  // a signal came while frozen
  LiveUpgrade upgrade_;
  std::vector<platform::ProcessSnapshot> released_programs_;      // while they are handed over
  std::vector<std::pair<Log::Level, std::string>> deferred_log_;  // for the log, after a thaw
  // Of `start_.handover`, until all channels have started.
  std::vector<const state::SnapshotRecord*> channel_records_;
  std::size_t restored_files_ = 0;
  std::size_t restored_jobs_ = 0;
  std::unique_ptr<channel::Reactor> reactor_;
  // A server uses its channel, so it goes first.
  std::vector<std::unique_ptr<channel::Channel>> channels_;
  std::vector<std::unique_ptr<ChannelServer>> servers_;
};

}  // namespace bellhop::agent
