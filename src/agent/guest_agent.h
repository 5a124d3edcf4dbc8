// SPDX-License-Identifier: Apache-2.0
// The running agent: creates, connects and owns its parts.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/channel_server.h"
#include "agent/dispatch.h"
#include "agent/log.h"
#include "agent/policy.h"
#include "agent/services.h"
#include "agent/upgrade/live_upgrade.h"
#include "channel/channel.h"
#include "channel/channel_factory.h"
#include "config/startup.h"
#include "platform/clock/clock_setting.h"
#include "platform/power/power.h"
#include "platform/process/lifecycle_requests.h"
#include "platform/process/process.h"
#include "platform/process/service_manager.h"
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

// Serves clients as `startup` requires. One per process, because it handles the requests of
// platform::LifecycleRequests. A request to stop ends it, in the frozen phase only after the thaw;
// a request to upgrade starts a live upgrade.
class GuestAgent : private LiveUpgrade::Target {
 public:
  // Called once when filesystems that were frozen at the start are thawed.
  using Deferred = std::function<void()>;

  // The state in which the agent starts.
  struct Start {
    // Filesystems are frozen: the agent writes nothing to them before the thaw.
    bool frozen = false;
    // Unless the predecessor's state has more about it.
    std::optional<platform::InheritedFreeze> freeze = {};
    Deferred after_first_thaw = {};
    // The state of the predecessor, after a live upgrade.
    std::optional<state::Snapshot> snapshot = {};
    RunningExecutable executable = {};
    // Adds records of the caller to a snapshot of the agent.
    std::function<void(state::SnapshotWriter&)> add_to_snapshot = {};
  };

  // `log` must outlive the agent.
  GuestAgent(config::Startup startup, std::span<const Command* const> commands, Log& log,
             Start start);
  ~GuestAgent() override;

  // Opens the channels. The error states why the agent cannot serve.
  Result<void> start();

  // Serves until a request to stop, or until no channel can get another client.
  void run();

  // Ends sessions and threads. Returns false if commands are still running: the process must then
  // end with std::_Exit().
  bool stop();

 private:
  state::FreezeOptions freeze_options(Deferred after_first_thaw);
  Result<std::unique_ptr<channel::Channel>> make_channel(const config::ChannelSettings& settings);
  Result<void> open_channels();
  Result<void> add_channel(const config::ChannelSettings& settings);
  bool can_hang(const config::ChannelSettings& settings) const;
  Result<void> add_channel_later(const config::ChannelSettings& settings);
  void stop_on_request(std::string_view cause);
  void stop_if_requested();
  void restore(state::Snapshot& snapshot);
  const state::SnapshotRecord* channel_record(const std::string& description) const;
  void finish_restore();
  void start_upgrade(platform::Handle requester);
  void report_upgrade(const Result<std::string>& result);
  void notify(platform::ServiceState state, std::string_view status);
  void notify_serving(platform::ServiceState state);

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

  platform::LifecycleRequests requests_;
  asio::steady_timer stop_timer_;
  bool stop_requested_ = false;  // while frozen
  LiveUpgrade upgrade_;
  std::vector<platform::Handle> upgrade_requesters_;          // wait for the result of an upgrade
  std::vector<platform::ProcessSnapshot> released_programs_;  // from snapshot() to resume()
  // Of `start_.snapshot`, until finish_restore().
  std::vector<const state::SnapshotRecord*> channel_records_;
  std::string predecessor_version_ = {};  // after a live upgrade
  std::size_t restored_files_ = 0;
  std::size_t restored_jobs_ = 0;
  std::unique_ptr<channel::ChannelFactory> channel_factory_;
  // A server uses its channel, so it is destroyed first.
  std::vector<std::unique_ptr<channel::Channel>> channels_;
  std::vector<std::unique_ptr<ChannelServer>> servers_;
  int late_channels_ = 0;  // that threads are making
};

}  // namespace bellhop::agent
