// SPDX-License-Identifier: Apache-2.0
#include "agent/guest_agent.h"

#include <fmt/ranges.h>

#include <asio/post.hpp>
#include <utility>

#include "base/path.h"
#include "base/version.h"
#include "platform/io/sockets.h"
#include "platform/process/threads.h"
#include "state/freeze/freeze_hook.h"

namespace bellhop::agent {
namespace {

// How long stop() waits for commands that are still running.
constexpr std::chrono::milliseconds shutdown_timeout{500};

// Delay between the thaw and the end of the agent if it was requested to stop while frozen.
constexpr std::chrono::seconds stop_delay{1};

constexpr const char* system_root = "/";

std::string describe(const config::ChannelSettings& settings) {
  return fmt::format("{} {}", settings.kind->name, settings.path);
}

std::optional<channel::RestoredClient> restored_client(const state::SnapshotRecord& record) {
  platform::Handle descriptor = record.descriptor("client");
  if (!descriptor) return std::nullopt;
  return channel::RestoredClient{.descriptor = std::move(descriptor),
                                 .unsent = std::string(record.text("unsent").value_or(""))};
}

}  // namespace

GuestAgent::GuestAgent(config::Startup startup, std::span<const Command* const> commands, Log& log,
                       Start start)
    : startup_(std::move(startup)),
      start_(std::move(start)),
      log_(log),
      policy_(startup_.settings.blocked_commands, startup_.settings.allowed_commands),
      persistent_(startup_.settings.state_dir),
      files_(persistent_),
      filesystems_(platform::system_filesystems()),
      freeze_(*filesystems_, freeze_options(std::move(start_.after_first_thaw)),
              std::move(start_.freeze)),
      power_(platform::system_power(system_root)),
      clock_setting_(platform::system_clock_setting(system_root)),
      services_{.commands = commands,
                .policy = policy_,
                .settings = startup_.settings,
                .files = files_,
                .jobs = jobs_,
                .freeze = freeze_,
                .programs = programs_,
                .power = *power_,
                .clock_setting = *clock_setting_,
                .statvfs_pool = statvfs_pool_,
                .authorized_keys_mutex = authorized_keys_mutex_,
                .log = log_,
                .started = std::chrono::steady_clock::now(),
                .system_root = system_root,
                .upgrades = start_.executable.upgrades},
      dispatcher_(services_),
      workers_(startup_.settings.workers.limit),
      requests_(loop_),
      stop_timer_(loop_),
      upgrade_(loop_, start_.executable, workers_, programs_, *this) {
  if (start_.snapshot) restore(*start_.snapshot);
}

GuestAgent::~GuestAgent() = default;

state::FreezeOptions GuestAgent::freeze_options(Deferred after_first_thaw) {
  state::FreezeOptions options;
  const config::Settings& settings = startup_.settings;
  options.directory = settings.state_dir;
  options.timeout = settings.freeze.timeout;
  options.rules = {.skip_types = settings.freeze.skip_types,
                   .skip_mountpoints = settings.freeze.skip_mountpoints,
                   .skip_devices = settings.freeze.skip_devices,
                   .skip_hidden = settings.freeze.on_unreachable != config::OnUnreachable::fail,
                   .skip_unopened = settings.freeze.on_unreachable == config::OnUnreachable::skip};
  options.warn = [this](std::string_view text) { log_.audit(Log::Level::warning, text); };
  options.hook = state::freeze_hooks(programs_, {.program = settings.fsfreeze_hook,
                                                 .directory = settings.freeze.hook_directory,
                                                 .timeout = settings.freeze.hook_timeout,
                                                 .warn = options.warn});
  options.on_change = [this, after_first_thaw = std::move(after_first_thaw)](bool frozen) mutable {
    asio::post(loop_, [this] { notify_serving(platform::ServiceState::unchanged); });
    if (frozen) {
      log_.warning("disabling logging due to filesystem freeze");
      return log_.disable();
    }
    if (after_first_thaw) std::exchange(after_first_thaw, {})();
    log_.enable();
    log_.warning("logging re-enabled due to filesystem unfreeze");
    asio::post(loop_, [this] { stop_if_requested(); });
  };
  return options;
}

Result<void> GuestAgent::start() {
  const auto missing = start_.frozen ? state::PersistentState::Missing::ignore
                                     : state::PersistentState::Missing::create;
  if (Result<void> loaded = persistent_.load(missing); !loaded) {
    if (!start_.snapshot && !start_.frozen) return loaded;
    // Not fatal after a live upgrade: an exit would lose the restored state. Nor while filesystems
    // are frozen: the host must be able to thaw.
    log_.error("{}", loaded.error().message);
  }
  TRY_ASSIGN(channel_factory_, channel::make_channel_factory(loop_));

  TRY(requests_.start(
      {.stop = [this](auto cause) { stop_on_request(cause); },
       .upgrade = [this](platform::Handle requester) { start_upgrade(std::move(requester)); }}));

  freeze_.start();
  TRY(open_channels());
  notify_serving(platform::ServiceState::ready);
  if (!predecessor_version_.empty()) {
    report_upgrade(
        fmt::format("bellhopd {} was replaced by {}", predecessor_version_, program_version));
  }
  stop_if_requested();
  return {};
}

// A channel that cannot be opened is fatal at a normal start. After a live upgrade it is fatal only
// if there is no other channel.
Result<void> GuestAgent::open_channels() {
  const bool restoring = start_.snapshot.has_value();
  Result<void> failed;
  const auto note = [&](const Result<void>& result) {
    if (result) return;
    if (restoring) log_.error("{}", result.error().message);
    failed = result;
  };
  for (const config::ChannelSettings& settings : startup_.settings.channels) {
    note(can_hang(settings) ? add_channel_later(settings) : add_channel(settings));
    if (!failed && !restoring) return failed;
  }
  // Close unclaimed fds before anything runs that opens others.
  if (restoring) finish_restore();
  for (const auto& server : servers_) {
    note(server->start());
    if (!failed && !restoring) return failed;
  }
  return restoring && !servers_.empty() ? Result<void>() : failed;
}

// Whether the making of the channel waits for a thaw, if its filesystem is frozen.
bool GuestAgent::can_hang(const config::ChannelSettings& settings) const {
  return start_.frozen && settings.kind->path == platform::ChannelPath::new_file &&
         !startup_.inherited_socket && !channel_record(describe(settings));
}

// Makes the socket on a thread of its own: the other channels must serve, so that the host can
// thaw.
Result<void> GuestAgent::add_channel_later(const config::ChannelSettings& settings) {
  auto make = [this, &settings] {
    auto listener =
        std::make_shared<Result<platform::Handle>>(platform::listen_unix(settings.path));
    asio::post(loop_, [this, &settings, listener] {
      --late_channels_;
      Result<void> opened = *listener ? Result<void>() : std::unexpected(listener->error());
      if (opened) {
        startup_.inherited_socket = *std::move(*listener);
        opened = add_channel(settings);
      }
      if (opened) opened = servers_.back()->start();
      if (!opened) log_.error("{}", opened.error().message);
      notify_serving(platform::ServiceState::unchanged);
    });
  };
  TRY_ASSIGN(auto thread, platform::start_thread("bellhop-socket", std::move(make)));
  thread.detach();
  ++late_channels_;
  return {};
}

void GuestAgent::stop_on_request(std::string_view cause) {
  if (freeze_.is_frozen()) {  // stopping now would leave the guest frozen
    stop_requested_ = true;
    return;
  }
  log_.debug("{}, quitting", cause);
  loop_.stop();
}

// The delay lets the reply to the thaw be sent first.
void GuestAgent::stop_if_requested() {
  if (!stop_requested_ || freeze_.is_frozen()) return;
  stop_timer_.expires_after(stop_delay);
  stop_timer_.async_wait([this](std::error_code cancelled) {
    if (!cancelled && !freeze_.is_frozen()) loop_.stop();
  });
}

Result<void> GuestAgent::add_channel(const config::ChannelSettings& settings) {
  TRY_ASSIGN(auto channel, make_channel(settings));
  servers_.push_back(std::make_unique<ChannelServer>(loop_, *channel, dispatcher_, workers_, log_));
  channels_.push_back(std::move(channel));
  return {};
}

Result<std::unique_ptr<channel::Channel>> GuestAgent::make_channel(
    const config::ChannelSettings& settings) {
  channel::ChannelSetup setup{
      .kind = settings.kind->kind,
      .path = settings.path,
      .description = describe(settings),
      .listener = std::move(startup_.inherited_socket),
      .wait_at_start = startup_.settings.retry_path,
      .report = [this](const std::string& text) { log_.warning("{}", text); }};
  if (const state::SnapshotRecord* record = channel_record(setup.description)) {
    if (!setup.listener) setup.listener = record->descriptor("listener");
    setup.client = restored_client(*record);
    setup.wait_at_start = true;
  }
  return channel_factory_->make(std::move(setup));
}

void GuestAgent::run() {
  loop_.run();
}

// A failed notification is not an error of the agent: the service manager reports what it misses.
void GuestAgent::notify(platform::ServiceState state, std::string_view status) {
  const auto sent =
      platform::notify_service_manager(start_.executable.service_manager, state, status);
  if (!sent) log_.warning("{}", sent.error().message);
}

void GuestAgent::notify_serving(platform::ServiceState state) {
  std::vector<std::string> descriptions;
  descriptions.reserve(servers_.size());
  for (const auto& server : servers_) descriptions.push_back(server->description());
  notify(state,
         fmt::format("{} {}", freeze_.is_frozen() ? "filesystems are frozen, serving" : "serving",
                     fmt::join(descriptions, ", ")));
}

bool GuestAgent::stop() {
  notify(platform::ServiceState::stopping, "");
  servers_.clear();
  channels_.clear();
  const bool freeze_ended = freeze_.stop(shutdown_timeout);
  return workers_.stop(shutdown_timeout) && freeze_ended && !statvfs_pool_.is_waiting() &&
         late_channels_ == 0;
}

}  // namespace bellhop::agent
