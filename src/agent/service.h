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

#include "agent/agent.h"
#include "agent/dispatch.h"
#include "agent/log.h"
#include "agent/policy.h"
#include "agent/replacement.h"
#include "agent/session.h"
#include "agent/start_plan.h"
#include "agent/workers.h"
#include "channel/channel.h"
#include "channel/reactor.h"
#include "platform/clock_setting.h"
#include "platform/local_filesystems.h"
#include "platform/power.h"
#include "platform/process.h"
#include "state/filesystem_sizes.h"
#include "state/freeze.h"
#include "state/handover.h"
#include "state/jobs.h"
#include "state/key_changes.h"
#include "state/open_files.h"
#include "state/persistent_state.h"

namespace bellhop::agent {

// The file that exists while filesystems are frozen, also from one agent to the next.
std::filesystem::path freeze_mark(const Settings& settings);

// Serves clients as a start plan says. One to a process: it takes over SIGINT and SIGTERM, which
// end it (but not while filesystems are frozen), and SIGUSR2, upon which it puts the program that
// is installed now in its place; it ignores SIGPIPE.
class Service : private Replacement::Subject {
 public:
  // Called when filesystems that were frozen at the start have thawed: what had to wait for that.
  using Deferred = std::function<void()>;

  // How it begins, beside the plan.
  struct Start {
    // Filesystems are frozen; nothing is then written before the thaw.
    bool frozen = false;
    Deferred after_first_thaw = {};
    // What an earlier program of this process has left.
    std::optional<state::Handover> handover = {};
    Program program = {};
    // Writes down what is not the service's.
    std::function<void(state::HandoverWriter&)> hand_over = {};
  };

  // `log` must outlive the service.
  Service(StartPlan plan, std::span<const Command* const> commands, Log& log, Start start);
  ~Service() override;

  // Opens the channels. An error says why the agent cannot serve.
  Result<void> start();

  // Serves until a signal ends it.
  void run();

  // Ends sessions and threads. False when commands are still running: the process can then only
  // leave by _exit(2).
  bool stop();

 private:
  state::FreezeOptions freeze_options(Deferred after_first_thaw);
  Result<std::unique_ptr<channel::Channel>> make_channel(const ChannelSettings& settings);
  Result<std::unique_ptr<channel::Channel>> make_port(const ChannelSettings& settings);
  Result<void> open_channels();
  Result<void> add_channel(const ChannelSettings& settings);
  void await_signal();
  void end_if_wanted();
  void take_over(state::Handover& handover);
  const state::HandoverRecord* taken_channel(const std::string& description) const;
  void finish_take_over();
  void tell(Log::Level level, std::string text);
  void tell_what_waited();

  void come_to_rest() override;
  std::optional<std::string> unrest() override;
  bool hand_over(state::HandoverWriter& writer) override;
  void go_on() override;
  void replacement_failed(const Error& error) override;

  StartPlan plan_;
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
  state::FilesystemSizes filesystem_sizes_;
  state::KeyChanges key_changes_;
  Agent agent_;
  Dispatcher dispatcher_;
  Workers workers_;

  asio::signal_set signals_;
  asio::steady_timer end_timer_;
  bool end_wanted_ = false;  // a signal came while frozen
  Replacement replacement_;
  std::vector<platform::HandedProcess> released_programs_;  // while they are handed over
  std::vector<std::pair<Log::Level, std::string>> waiting_to_be_told_;  // for the log, after a thaw
  // Of `start_.handover`, until all channels have started.
  std::vector<const state::HandoverRecord*> taken_channels_;
  std::size_t taken_files_ = 0;
  std::size_t taken_jobs_ = 0;
  std::unique_ptr<channel::Reactor> reactor_;
  // A session uses its channel, so it goes first.
  std::vector<std::unique_ptr<channel::Channel>> channels_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace bellhop::agent
