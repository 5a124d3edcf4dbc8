// Makes channels of the kinds that this operating system has.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "channel/channel.h"
#include "platform/io/channel_kinds.h"
#include "platform/io/handle.h"

namespace bellhop::channel {

struct ChannelSetup {
  platform::ChannelKind kind;
  std::string path;         // device, socket or address
  std::string description;  // for messages
  // A listening socket that the service manager or an earlier program of this process opened;
  // without it, one is created.
  platform::Handle listener = {};
  // Served by an earlier program of this process.
  std::optional<RestoredClient> client = std::nullopt;
  // Whether a device that cannot be opened at the start is waited for; else start() fails.
  bool wait_at_start = false;
  // Called with what happened to a device, as text for the log.
  std::function<void(const std::string&)> report;
};

// Must outlive its channels. Used on the loop's thread.
class ChannelFactory {
 public:
  virtual ~ChannelFactory() = default;
  virtual Result<std::unique_ptr<Channel>> make(ChannelSetup setup) = 0;
};

// `loop` must outlive the factory.
Result<std::unique_ptr<ChannelFactory>> make_channel_factory(asio::io_context& loop);

}  // namespace bellhop::channel
