// SPDX-License-Identifier: Apache-2.0
#include "channel/stdio_channel.h"

#include <algorithm>
#include <asio/post.hpp>
#include <cstdio>
#include <utility>

#include "base/mutex.h"
#include "platform/process/threads.h"

namespace bellhop::channel {
namespace {

constexpr std::size_t max_piece = 64 * 1024;

// A line, or the first part of a longer one; empty at the end of the input.
std::string read_piece() {
  std::string piece;
  int c = 0;
  while (c != '\n' && piece.size() < max_piece && (c = std::getc(stdin)) != EOF) {
    piece.push_back(static_cast<char>(c));
  }
  return piece;
}

}  // namespace

struct StdioChannel::Input {
  Mutex mutex;
  ConditionVariable passed_on;
  std::string bytes GUARDED_BY(mutex);  // at most one piece
  bool ended GUARDED_BY(mutex) = false;
  // Null: the channel is destroyed. Changed on the loop only, with the mutex held once the thread
  // has started: the loop reads it without.
  StdioChannel* channel = nullptr;
};

StdioChannel::StdioChannel(asio::io_context& loop, std::string description)
    : loop_(loop),
      description_(std::move(description)),
      input_(std::make_shared<Input>()),
      open_(loop.get_executor()) {}

StdioChannel::~StdioChannel() {
  const MutexLock lock(input_->mutex);
  input_->channel = nullptr;
  input_->passed_on.notify_all();
}

Result<void> StdioChannel::start(ChannelHandler& handler) {
  handler_ = &handler;
  input_->channel = this;
  TRY_ASSIGN(auto thread,
             platform::start_thread("bellhop-stdin", [input = input_] { read(input); }));
  thread.detach();
  return {};
}

void StdioChannel::read(const std::shared_ptr<Input>& input) {
  for (bool ended = false; !ended;) {
    std::string piece = read_piece();
    ended = piece.empty();
    const MutexLock lock(input->mutex);
    input->passed_on.wait(input->mutex, [&]() REQUIRES(input->mutex) {
      return input->bytes.empty() || !input->channel;
    });
    if (!input->channel) return;
    input->bytes = std::move(piece);
    input->ended = ended;
    // Under the lock, so that the channel and its loop still exist.
    asio::post(input->channel->loop_, [input] {
      if (input->channel) input->channel->pass_on_input();
    });
  }
}

void StdioChannel::pass_on_input() {
  MutexLock lock(input_->mutex);
  std::string& bytes = input_->bytes;
  while (!bytes.empty()) {
    const std::span<char> room = handler_->read_buffer();
    if (room.empty()) return;
    const std::size_t size = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), size, room.begin());
    bytes.erase(0, size);
    handler_->input(size);
  }
  input_->passed_on.notify_all();
  const bool ended = std::exchange(input_->ended, false);
  lock.unlock();
  if (ended) handler_->input_ended();
}

void StdioChannel::resume_input() {
  asio::post(loop_, [input = input_] {
    if (input->channel) input->channel->pass_on_input();
  });
}

void StdioChannel::send(std::string& bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  std::fflush(stdout);
  bytes.clear();
}

}  // namespace bellhop::channel
