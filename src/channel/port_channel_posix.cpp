// SPDX-License-Identifier: Apache-2.0
#include "channel/port_channel_posix.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace bellhop::channel {
namespace {

// A device that exists but failed this soon after it was opened is broken, not replugged.
constexpr std::chrono::seconds short_life(1);
// How long to wait for the kernel to report a host that has already sent input. After that, the
// host has left again.
constexpr std::chrono::seconds arrival_limit(1);

}  // namespace

PortChannel::PortChannel(Reactor& reactor, Options options)
    : reactor_(reactor),
      options_(std::move(options)),
      retry_(reactor.loop()),
      arrival_(reactor.loop()) {}

PortChannel::~PortChannel() {
  if (port_) port_->close();
}

Result<void> PortChannel::start(ChannelHandler& handler) {
  handler_ = &handler;
  if (auto restored = std::exchange(options_.restored, std::nullopt)) {
    Result<void> served = serve(std::move(restored->descriptor));
    if (served) send(restored->unsent);
    return served;
  }
  const Result<void> opened = open_port();
  if (opened || !options_.wait_at_start) return opened;
  options_.report(opened.error().message + "; waiting for it to appear");
  wait_for_path();
  return {};
}

Result<void> PortChannel::open_port() {
  TRY_ASSIGN(auto fd, options_.open(options_.path));
  return serve(std::move(fd));
}

Result<void> PortChannel::serve(platform::Handle fd) {
  ByteStream::Owner& owner = *this;
  auto port = std::make_shared<ByteStream>(reactor_, std::move(fd), ByteStream::Kind::port,
                                           *handler_, owner);
  TRY(port->start());
  port_ = std::move(port);
  opened_ = std::chrono::steady_clock::now();
  return {};
}

Channel::Snapshot PortChannel::snapshot() const {
  if (!port_) return {};
  return {.client = port_->descriptor(), .unsent = port_->unsent_bytes()};
}

void PortChannel::on_port_lost() {
  port_->close();
  port_.reset();
  handler_->disconnected();
  wait_for_path();
}

void PortChannel::wait_for_path() {
  watch_ = Watch();
  Result<platform::PathWatch> path_watch = platform::PathWatch::create(options_.path);
  if (!path_watch) return try_again_later();
  path_watch_ = *std::move(path_watch);
  Result<Watch> watch =
      reactor_.watch(path_watch_->descriptor(), [this](const EdgeEvent&) { path_changed(); });
  if (!watch) return try_again_later();
  watch_ = *std::move(watch);
  path_changed();
}

void PortChannel::path_changed() {
  if (port_) return;
  if (Result<void> armed = path_watch_->rearm(); !armed) return try_again_later();
  std::error_code ignored;
  const bool just_lost = std::chrono::steady_clock::now() - opened_ < short_life;
  if (just_lost && std::filesystem::exists(options_.path, ignored)) return try_again_later();
  if (!open_port()) {
    opened_ = {};  // it was removed: open it immediately when it returns
    // A port's path appears shortly before the port can be opened, and there is no event for the
    // latter.
    if (std::filesystem::exists(options_.path, ignored)) start_retry_timer();
    return;
  }
  options_.report(fmt::format("{} is open again", options_.description));
  retry_.cancel();
  watch_ = Watch();
  path_watch_.reset();
}

void PortChannel::try_again_later() {
  watch_ = Watch();
  path_watch_.reset();
  start_retry_timer();
}

void PortChannel::start_retry_timer() {
  retry_.expires_after(options_.retry_interval);
  retry_.async_wait([this](std::error_code cancelled) {
    if (!cancelled && !port_) wait_for_path();
  });
}

void PortChannel::send(std::string& bytes) {
  if (port_) {
    port_->send(bytes);
  } else {
    bytes.clear();
  }
}

void PortChannel::resume_input() {
  if (port_) port_->resume_input();
}

void PortChannel::on_eof(bool) {
  if (!options_.end_means_host_closed) return on_error(EIO);
  if (!port_->host_attach_pending()) return host_left();
  arrival_.expires_after(arrival_limit);
  arrival_.async_wait([this](std::error_code cancelled) {
    if (!cancelled && port_ && port_->host_attach_pending()) host_left();
  });
}

void PortChannel::host_left() {
  port_->host_left();
  handler_->disconnected();
}

void PortChannel::on_error(int error_number) {
  options_.report(fmt::format("{} is lost: {}; waiting for it to come back", options_.description,
                              std::generic_category().message(error_number)));
  on_port_lost();
}

}  // namespace bellhop::channel
