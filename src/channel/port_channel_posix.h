// SPDX-License-Identifier: Apache-2.0
// A channel over a character device: virtio-serial or a serial line.
#pragma once

#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "channel/byte_stream_posix.h"
#include "channel/channel.h"
#include "channel/reactor_posix.h"
#include "platform/io/path_watch.h"

namespace bellhop::channel {

// Keeps a device open, and opens it again when it disappears and returns. When the host closes the
// port, the port stays open for the next host.
class PortChannel : public Channel, private ByteStream::Owner {
 public:
  using Open = std::function<Result<platform::Handle>(const std::string& path)>;

  struct Options {
    std::string path;
    std::string description;
    Open open;
    // Whether start() waits for a device that cannot be opened; otherwise it fails.
    bool wait_at_start = false;
    // Whether read(2) returning 0 means that the host has closed (virtio-serial) or that the
    // device is lost (serial lines).
    bool end_means_host_closed = true;
    // Retry interval for a device that exists but cannot be opened or fails immediately.
    std::chrono::milliseconds retry_interval = std::chrono::seconds(5);  // as qemu-ga does
    // Receives the events of the device, as text for the log.
    std::function<void(const std::string&)> report;
    // The open device from the snapshot: its host does not see it close.
    std::optional<RestoredClient> restored = std::nullopt;
  };

  PortChannel(Reactor& reactor, Options options);
  ~PortChannel() override;

  Result<void> start(ChannelHandler& handler) override;
  void send(std::string& bytes) override;
  std::size_t unsent() const override { return port_ ? port_->unsent() : 0; }
  void resume_input() override;
  Snapshot snapshot() const override;
  void finish() override {}  // a port's host has no half-closed state
  const std::string& description() const override { return options_.description; }

 private:
  Result<void> open_port();
  Result<void> serve(platform::Handle port);
  void on_port_lost();
  void wait_for_path();
  void path_changed();
  void start_retry_timer();
  void try_again_later();
  void host_left();
  void on_eof(bool hung_up) override;
  void on_error(int error_number) override;
  void on_drained() override { handler_->output_sent(); }

  Reactor& reactor_;
  Options options_;
  ChannelHandler* handler_ = nullptr;
  std::shared_ptr<ByteStream> port_;
  std::optional<platform::PathWatch> path_watch_;
  Watch watch_;
  asio::steady_timer retry_;
  asio::steady_timer arrival_;  // runs while the host that sent input is not reported
  std::chrono::steady_clock::time_point opened_;
};

}  // namespace bellhop::channel
