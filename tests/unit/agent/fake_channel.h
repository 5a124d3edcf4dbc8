// SPDX-License-Identifier: Apache-2.0
// A channel that stores its output.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "channel/channel.h"

namespace bellhop::testing {

// The first `room` bytes of the output count as sent, the rest as unsent.
struct FakeChannel : channel::Channel {
  Result<void> start(channel::ChannelHandler&) override { return {}; }
  void send(std::string& bytes) override {
    sent += bytes;
    max_send = std::max(max_send, bytes.size());
    bytes.clear();
  }
  std::size_t unsent() const override { return sent.size() > room ? sent.size() - room : 0; }
  void resume_input() override { ++resumed; }
  void finish() override { finished = true; }
  const std::string& description() const override { return name; }

  std::string name = "fake";
  std::string sent;
  std::size_t room = SIZE_MAX;
  std::size_t max_send = 0;
  bool finished = false;
  int resumed = 0;
};

}  // namespace bellhop::testing
