// SPDX-License-Identifier: Apache-2.0
// Standard input and output as a channel, with the standard library only.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "channel/channel.h"

namespace bellhop::channel {

// Has one client, which sends a line feed after each request. The loop ends when that client has
// ended its input and has its replies. Where a port to a new system starts: a blocking read on a
// thread and blocking writes on the loop, so a client that does not read its replies blocks the
// agent.
class StdioChannel final : public Channel {
 public:
  StdioChannel(asio::io_context& loop, std::string description);
  ~StdioChannel() override;

  Result<void> start(ChannelHandler& handler) override;
  void send(std::string& bytes) override;
  std::size_t unsent() const override { return 0; }
  void resume_input() override;
  void finish() override { open_.reset(); }
  const std::string& description() const override { return description_; }

 private:
  struct Input;
  static void read(const std::shared_ptr<Input>& input);
  void pass_on_input();

  asio::io_context& loop_;
  std::string description_;
  ChannelHandler* handler_ = nullptr;
  std::shared_ptr<Input> input_;  // a thread that is blocked in a read may outlive this object
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> open_;
};

}  // namespace bellhop::channel
