// SPDX-License-Identifier: Apache-2.0
#include "agent/exchange.h"

#include "wire/reply.h"

namespace bellhop::agent {

bool ReplyPipe::write(std::string& bytes) {
  const MutexLock lock(mutex_);
  read_.wait(mutex_, [this]() REQUIRES(mutex_) { return bytes_.empty() || cancelled_; });
  if (!cancelled_) bytes_.swap(bytes);
  bytes.clear();
  return !cancelled_;
}

void ReplyPipe::finish(std::string bytes) {
  const MutexLock lock(mutex_);
  if (bytes_.empty()) {
    bytes_ = std::move(bytes);
  } else {
    bytes_ += bytes;
  }
  finished_ = true;
}

bool ReplyPipe::read(std::string& out) {
  const MutexLock lock(mutex_);
  if (out.empty()) {
    out.swap(bytes_);
  } else {
    out += bytes_;
  }
  bytes_.clear();
  read_.notify_one();
  return finished_;
}

bool ReplyPipe::cancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  bytes_.clear();
  read_.notify_one();
  return !finished_;
}

void Exchange::finish(std::string whole_reply) {
  reply.finish(std::move(whole_reply));
  state = State::finished;
}

void Exchange::finish(const Error& error, std::optional<wire::Value> id) {
  std::string text;
  wire::append_error_reply(text, error, id);
  finish(std::move(text));
}

}  // namespace bellhop::agent
