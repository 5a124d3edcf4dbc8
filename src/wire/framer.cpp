// SPDX-License-Identifier: Apache-2.0
#include "wire/framer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bellhop::wire {
namespace {

constexpr std::size_t min_capacity = 16 * 1024;
// An idle framer frees a buffer that is larger.
constexpr std::size_t max_idle_capacity = 256 * 1024;
// A smaller message is copied out of the buffer; see take_text().
constexpr std::size_t min_large_text = 64 * 1024;

}  // namespace

std::span<char> Framer::prepare(std::size_t minimum) {
  compact(minimum);
  if (buffer_.capacity() - end_ < minimum) {
    buffer_.grow(std::max({min_capacity, 2 * buffer_.capacity(), end_ + minimum}));
  }
  return {buffer_.data() + end_, buffer_.capacity() - end_};
}

std::optional<std::expected<Document, Error>> Framer::next() {
  while (at_ != end_) {
    const Lexer::Step step = lexer_.next({buffer_.data() + at_, end_ - at_});
    at_ += step.consumed;
    if (!step.token) break;
    // The bytes of a discarded token may no longer be in the buffer.
    const std::size_t begin = reader_.discards() ? at_ : at_ - step.token->length;
    auto message = reader_.feed(*step.token, buffer_.data(), begin);
    if (!message) continue;
    if (!*message) return std::unexpected(std::move(*message).error());
    return make_document(**std::move(message));
  }
  release_unused();
  return std::nullopt;
}

void Framer::reset() {
  at_ = end_ = 0;
  lexer_.reset();
  reader_.reset();
  release_unused();
}

// Offset of the bytes after the hole: the pending token, then the unread input.
std::size_t Framer::tail_begin() const {
  return reader_.discards() ? at_ : at_ - lexer_.pending();
}

// Closes the hole if that is cheap: if there is nothing to move, or if room for `minimum` bytes is
// missing and the bytes to move are no more than the hole.
void Framer::compact(std::size_t minimum) {
  const std::size_t from = tail_begin();
  const std::size_t hole = from - reader_.text_size();
  const std::size_t kept = end_ - from;
  if (hole == 0 || kept > hole) return;
  if (kept != 0 && buffer_.capacity() - end_ >= minimum) return;
  std::memmove(buffer_.data() + reader_.text_size(), buffer_.data() + from, kept);
  at_ -= hole;
  end_ -= hole;
}

void Framer::release_unused() {
  if (reader_.text_size() != 0 || tail_begin() != end_) return;
  at_ = end_ = 0;
  if (buffer_.capacity() > max_idle_capacity) buffer_ = Buffer();
}

Document Framer::make_document(JsonReader::Message message) {
  return Document(take_text(message.text_size), std::move(message.nodes));
}

// Returns the first `size` bytes of the buffer as separate memory. A small text is copied. A large
// one is returned with the buffer's memory, and the input after it is copied to a new buffer.
Buffer::Memory Framer::take_text(std::size_t size) {
  const std::size_t rest = end_ - at_;
  const bool large = size >= min_large_text && size >= rest && size >= buffer_.capacity() / 4;
  Buffer other;
  if (large) {
    other.grow(std::max(min_capacity, rest));
    std::memcpy(other.data(), buffer_.data() + at_, rest);
    at_ = 0;
    end_ = rest;
    std::swap(buffer_, other);
  } else if (size != 0) {
    other.grow(size);
    std::memcpy(other.data(), buffer_.data(), size);
  }
  return other.release();
}

}  // namespace bellhop::wire
