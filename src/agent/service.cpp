#include "agent/service.h"

#include <signal.h>

#include <array>
#include <asio/post.hpp>
#include <utility>

#include "channel/listen_channel.h"
#include "channel/port_channel.h"
#include "platform/port.h"
#include "platform/program_image.h"
#include "platform/sockets.h"
#include "platform/vsock.h"
#include "state/freeze_hook.h"

namespace bellhop::agent {
namespace {

// How long the end of the agent waits for commands that are still running.
constexpr std::chrono::milliseconds farewell{500};

// How long the agent lives on after the thaw when a signal wanted it to end while frozen.
constexpr std::chrono::seconds end_delay{1};

constexpr const char* system_root = "/";

constexpr std::array handled_signals{SIGINT, SIGTERM, SIGUSR2};

std::string describe(const ChannelSettings& settings) {
  return fmt::format("{} {}", settings.method, settings.path);
}

std::optional<channel::Taken> taken_client(const state::HandoverRecord& record) {
  platform::UniqueFd descriptor = record.descriptor("client");
  if (!descriptor) return std::nullopt;
  return channel::Taken{.descriptor = std::move(descriptor),
                        .unsent = std::string(record.text("unsent").value_or(""))};
}

}  // namespace

std::filesystem::path freeze_mark(const Settings& settings) {
  return std::filesystem::path(settings.state_dir) / "qga.state.isfrozen";
}

Service::Service(StartPlan plan, std::span<const Command* const> commands, Log& log, Start start)
    : plan_(std::move(plan)),
      start_(std::move(start)),
      log_(log),
      policy_(plan_.settings.blocked_commands, plan_.settings.allowed_commands),
      persistent_(plan_.settings.state_dir),
      files_(persistent_),
      filesystems_(platform::system_filesystems()),
      freeze_(*filesystems_, freeze_options(std::move(start_.after_first_thaw))),
      power_(platform::system_power(system_root)),
      clock_setting_(platform::system_clock_setting(system_root)),
      agent_{.commands = commands,
             .policy = policy_,
             .settings = plan_.settings,
             .files = files_,
             .jobs = jobs_,
             .freeze = freeze_,
             .programs = programs_,
             .power = *power_,
             .clock_setting = *clock_setting_,
             .filesystem_sizes = filesystem_sizes_,
             .key_changes = key_changes_,
             .log = log_,
             .started = std::chrono::steady_clock::now(),
             .system_root = system_root,
             .replacements = start_.program.replacements},
      dispatcher_(agent_),
      workers_(plan_.settings.workers.limit),
      signals_(loop_),
      end_timer_(loop_),
      replacement_(loop_, start_.program, workers_, programs_, *this) {
  if (start_.handover) take_over(*start_.handover);
}

Service::~Service() = default;

state::FreezeOptions Service::freeze_options(Deferred after_first_thaw) {
  state::FreezeOptions options;
  const Settings& settings = plan_.settings;
  options.state_file = freeze_mark(settings);
  options.note_file = std::filesystem::path(settings.state_dir) / "bellhop.freeze-ended";
  options.limit = settings.freeze.limit;
  options.hook = state::freeze_hooks(programs_, {.program = settings.fsfreeze_hook,
                                                 .directory = settings.freeze.hook_directory,
                                                 .limit = settings.freeze.hook_timeout});
  options.on_change = [this, after_first_thaw = std::move(after_first_thaw)](bool frozen) mutable {
    if (frozen) {
      log_.warning("disabling logging due to filesystem freeze");
      return log_.disable();
    }
    if (after_first_thaw) std::exchange(after_first_thaw, {})();
    log_.enable();
    log_.warning("logging re-enabled due to filesystem unfreeze");
    asio::post(loop_, [this] {
      tell_what_waited();
      end_if_wanted();
    });
  };
  options.warn = [this](std::string_view text) { log_.warning("{}", text); };
  return options;
}

Result<void> Service::start() {
  const auto missing = start_.frozen ? state::PersistentState::Missing::ignore
                                     : state::PersistentState::Missing::create;
  if (Result<void> loaded = persistent_.load(missing); !loaded) {
    if (!start_.handover) return loaded;
    tell(Log::Level::error, loaded.error().message);  // what was taken over is worth more
  }
  Result<std::unique_ptr<channel::Reactor>> reactor = channel::Reactor::create(loop_);
  if (!reactor) return std::unexpected(reactor.error());
  reactor_ = *std::move(reactor);

  ::signal(SIGPIPE, SIG_IGN);
  std::error_code error;
  for (const int number : handled_signals) {
    if (!error) static_cast<void>(signals_.add(number, error));  // `error` says it all
  }
  if (error) return failure("cannot handle signals: {}", error.message());
  await_signal();
  platform::let_signals_come(handled_signals);

  Result<void> opened = open_channels();
  if (!opened) return opened;
  freeze_.limit_inherited();
  end_if_wanted();
  return {};
}

// A channel that cannot be opened ends an agent that begins, but not one that has taken over.
Result<void> Service::open_channels() {
  const bool took_over = start_.handover.has_value();
  Result<void> failed;
  const auto note = [&](const Result<void>& result) {
    if (result) return;
    if (took_over) tell(Log::Level::error, result.error().message);
    failed = result;
  };
  for (const ChannelSettings& settings : plan_.settings.channels) {
    note(add_channel(settings));
    if (!failed && !took_over) return failed;
  }
  // Descriptors that nobody takes go before anything runs that opens others.
  if (took_over) finish_take_over();
  for (const auto& session : sessions_) {
    note(session->start());
    if (!failed && !took_over) return failed;
  }
  return took_over && !sessions_.empty() ? Result<void>() : failed;
}

void Service::await_signal() {
  signals_.async_wait([this](std::error_code cancelled, int number) {
    if (cancelled) return;
    if (number == SIGUSR2) {
      await_signal();
      return replacement_.begin();
    }
    if (freeze_.is_frozen()) {  // who ends it now leaves a frozen guest
      end_wanted_ = true;
      return await_signal();
    }
    log_.debug("received signal num {}, quitting", number);
    loop_.stop();
  });
}

// The reply to the thaw goes out first.
void Service::end_if_wanted() {
  if (!end_wanted_ || freeze_.is_frozen()) return;
  end_timer_.expires_after(end_delay);
  end_timer_.async_wait([this](std::error_code cancelled) {
    if (!cancelled && !freeze_.is_frozen()) loop_.stop();
  });
}

Result<void> Service::add_channel(const ChannelSettings& settings) {
  auto channel = make_channel(settings);
  if (!channel) return std::unexpected(channel.error());
  auto session = std::make_unique<Session>(loop_, **channel, dispatcher_, workers_, log_);
  const auto* taken = taken_channel((*channel)->description());
  if (taken && !session->take_over(*taken)) {
    tell(Log::Level::error,
         fmt::format("{}: a request that was not complete is lost", (*channel)->description()));
  }
  channels_.push_back(*std::move(channel));
  sessions_.push_back(std::move(session));
  return {};
}

Result<std::unique_ptr<channel::Channel>> Service::make_channel(const ChannelSettings& settings) {
  if (settings.method == "virtio-serial" || settings.method == "isa-serial") {
    return make_port(settings);
  }
  const bool vsock = settings.method == "vsock-listen";
  if (!vsock && settings.method != "unix-listen") {
    return failure("unsupported channel method/type: {}", settings.method);
  }
  const std::string description = describe(settings);
  const state::HandoverRecord* taken = taken_channel(description);
  Result<platform::UniqueFd> listener = std::move(plan_.inherited_socket);
  if (!*listener && taken) *listener = taken->descriptor("listener");
  if (!*listener) {
    listener = vsock ? platform::listen_vsock(settings.path) : platform::listen_unix(settings.path);
  }
  if (!listener) return std::unexpected(listener.error());
  return std::make_unique<channel::ListenChannel>(*reactor_, *std::move(listener), description,
                                                  taken ? taken_client(*taken) : std::nullopt);
}

Result<std::unique_ptr<channel::Channel>> Service::make_port(const ChannelSettings& settings) {
  const bool virtio = settings.method == "virtio-serial";
  const std::string description = describe(settings);
  const state::HandoverRecord* taken = taken_channel(description);
  return std::make_unique<channel::PortChannel>(
      *reactor_, channel::PortChannel::Options{
                     .path = settings.path,
                     .description = description,
                     .open = virtio ? platform::open_virtio_port : platform::open_serial_line,
                     .wait_at_start = plan_.settings.retry_path || taken,
                     .end_means_host_closed = virtio,
                     .report = [this](const std::string& text) { log_.warning("{}", text); },
                     .taken = taken ? taken_client(*taken) : std::nullopt});
}

void Service::run() {
  loop_.run();
}

bool Service::stop() {
  sessions_.clear();
  channels_.clear();
  const bool freeze_ended = freeze_.stop(farewell);
  return workers_.stop(farewell) && freeze_ended && !filesystem_sizes_.is_waiting();
}

}  // namespace bellhop::agent
