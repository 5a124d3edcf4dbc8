// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "channel/channel_factory.h"
#include "channel/listen_channel_posix.h"
#include "channel/port_channel_posix.h"
#include "channel/reactor_posix.h"
#include "platform/io/port.h"
#include "platform/io/sockets.h"
#include "platform/io/vsock.h"

namespace bellhop::channel {
namespace {

using platform::ChannelKind;

class PosixChannelFactory final : public ChannelFactory {
 public:
  explicit PosixChannelFactory(std::unique_ptr<Reactor> reactor) : reactor_(std::move(reactor)) {}

  Result<std::unique_ptr<Channel>> make(ChannelSetup setup) override {
    switch (setup.kind) {
      case ChannelKind::virtio_serial:
      case ChannelKind::isa_serial:
        return make_port(std::move(setup));
      case ChannelKind::unix_listen:
        return make_listener(std::move(setup), platform::listen_unix);
      case ChannelKind::vsock_listen:
        return make_listener(std::move(setup), platform::listen_vsock);
      case ChannelKind::stdio:
        break;
    }
    return failure("unsupported channel method/type: {}", setup.description);
  }

 private:
  std::unique_ptr<Channel> make_port(ChannelSetup setup) {
    const bool virtio = setup.kind == ChannelKind::virtio_serial;
    return std::make_unique<PortChannel>(
        *reactor_, PortChannel::Options{
                       .path = std::move(setup.path),
                       .description = std::move(setup.description),
                       .open = virtio ? platform::open_virtio_port : platform::open_serial_line,
                       .wait_at_start = setup.wait_at_start,
                       .end_means_host_closed = virtio,
                       .report = std::move(setup.report),
                       .restored = std::move(setup.client)});
  }

  Result<std::unique_ptr<Channel>> make_listener(
      ChannelSetup setup, Result<platform::Handle> (&listen)(const std::string& path)) {
    if (!setup.listener) {
      TRY_ASSIGN(setup.listener, listen(setup.path));
    }
    return std::make_unique<ListenChannel>(*reactor_, std::move(setup.listener),
                                           std::move(setup.description), std::move(setup.client));
  }

  std::unique_ptr<Reactor> reactor_;
};

}  // namespace

Result<std::unique_ptr<ChannelFactory>> make_channel_factory(asio::io_context& loop) {
  TRY_ASSIGN(auto reactor, Reactor::create(loop));
  return std::make_unique<PosixChannelFactory>(std::move(reactor));
}

}  // namespace bellhop::channel
