// SPDX-License-Identifier: Apache-2.0
// A handler that records the calls of its channel, and a helper that runs the loop until a
// condition is true.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "channel/channel.h"
#include "unit/temporary_directory.h"

namespace bellhop::channel {

struct RecordingHandler : ChannelHandler {
  std::span<char> read_buffer() override {
    return accepts_input ? std::span<char>(buffer) : std::span<char>();
  }
  void input(std::size_t bytes) override {
    received.append(buffer.data(), bytes);
    if (on_input) on_input();
  }
  void input_ended() override { ++ends; }
  void disconnected() override { ++disconnections; }
  void output_sent() override { ++drained; }

  bool accepts_input = true;
  std::string received;
  std::function<void()> on_input;
  int ends = 0;
  int disconnections = 0;
  int drained = 0;

 private:
  std::array<char, 4096> buffer;
};

// Runs the loop until `condition` is true. Fails the test after 30 s.
inline void run_until(asio::io_context& loop, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  loop.restart();
  while (!condition()) {
    ASSERT_TRUE(loop.run_one_until(deadline))
        << "the loop ended, or the condition is false after 30 s";
  }
}

}  // namespace bellhop::channel
