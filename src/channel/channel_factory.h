// SPDX-License-Identifier: Apache-2.0
// Makes channels of the kinds that this operating system supports.
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
  // A listening socket from the service manager or from the snapshot. If empty, one is created.
  platform::Handle listener = {};
  // The client from the snapshot, if there is one.
  std::optional<RestoredClient> client = std::nullopt;
  // Whether start() waits for a device that cannot be opened; otherwise it fails.
  bool wait_at_start = false;
  // Receives the events of a device, as text for the log.
  std::function<void(const std::string&)> report;
};

// Must outlive its channels. Use it on the loop's thread only.
class ChannelFactory {
 public:
  virtual ~ChannelFactory() = default;
  virtual Result<std::unique_ptr<Channel>> make(ChannelSetup setup) = 0;
};

// `loop` must outlive the factory.
Result<std::unique_ptr<ChannelFactory>> make_channel_factory(asio::io_context& loop);

}  // namespace bellhop::channel
