// SPDX-License-Identifier: Apache-2.0
// A channel that accepts clients: a Unix or vsock socket.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "channel/byte_stream_posix.h"
#include "channel/channel.h"
#include "channel/reactor_posix.h"
#include "platform/io/handle.h"

namespace bellhop::channel {

// Serves the clients of a listening socket one after the other. As with qemu-ga, the next client
// waits in the socket's backlog until the current one has left.
class ListenChannel : public Channel, private ByteStream::Owner {
 public:
  // `listener` is a non-blocking listening stream socket. `client` is served first.
  ListenChannel(Reactor& reactor, platform::Handle listener, std::string description,
                std::optional<RestoredClient> client = std::nullopt);
  ~ListenChannel() override;

  Result<void> start(ChannelHandler& handler) override;
  void send(std::string& bytes) override;
  std::size_t unsent() const override { return client_ ? client_->unsent() : 0; }
  void resume_input() override;
  void finish() override;
  Snapshot snapshot() const override;
  const std::string& description() const override { return description_; }

 private:
  void accept_next();
  void serve(platform::Handle client);
  void release_client();
  void on_eof(bool hung_up) override;
  void on_error(int error_number) override;
  void on_drained() override;

  Reactor& reactor_;
  platform::Handle listener_;
  std::string description_;
  ChannelHandler* handler_ = nullptr;
  Watch watch_;
  std::optional<RestoredClient> restored_;  // until start()
  std::shared_ptr<ByteStream> client_;
  bool finishing_ = false;  // release the client when all output is sent
};

}  // namespace bellhop::channel
