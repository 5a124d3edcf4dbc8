// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "channel/channel_factory.h"
#include "channel/stdio_channel.h"

namespace bellhop::channel {
namespace {

class FallbackChannelFactory final : public ChannelFactory {
 public:
  explicit FallbackChannelFactory(asio::io_context& loop) : loop_(loop) {}

  Result<std::unique_ptr<Channel>> make(ChannelSetup setup) override {
    if (setup.kind == platform::ChannelKind::stdio) {
      return std::make_unique<StdioChannel>(loop_, std::move(setup.description));
    }
    return failure("unsupported channel method/type: {}", setup.description);
  }

 private:
  asio::io_context& loop_;
};

}  // namespace

Result<std::unique_ptr<ChannelFactory>> make_channel_factory(asio::io_context& loop) {
  return std::make_unique<FallbackChannelFactory>(loop);
}

}  // namespace bellhop::channel
