#include "wire/framer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bellhop::wire {
namespace {

constexpr std::size_t smallest_capacity = 16 * 1024;
// What an idle framer may hold.
constexpr std::size_t idle_capacity = 256 * 1024;
// A smaller message is copied out of the buffer.
constexpr std::size_t large_text = 64 * 1024;

}  // namespace

std::span<char> Framer::prepare(std::size_t minimum) {
  compact(minimum);
  if (buffer_.capacity() - end_ < minimum) {
    buffer_.grow(std::max({smallest_capacity, 2 * buffer_.capacity(), end_ + minimum}));
  }
  return {buffer_.data() + end_, buffer_.capacity() - end_};
}

std::optional<std::expected<Document, Error>> Framer::next() {
  while (at_ != end_) {
    const Lexer::Step step = lexer_.next({buffer_.data() + at_, end_ - at_});
    at_ += step.consumed;
    if (!step.token) break;
    // The bytes of a token to discard may be gone already.
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

Framer::Snapshot Framer::snapshot() const {
  const char* const data = buffer_.data();
  return {.message = reader_.serialize_partial(data),
          .rest = std::string(data + kept_from(), end_ - kept_from()),
          .lexer = lexer_.snapshot(),
          .counts = reader_.counts()};
}

bool Framer::restore(const Snapshot& snapshot) {
  append(snapshot.message);
  append("\n");  // ends a number or a word
  const bool is_whole = next().has_value();
  Lexer lexer;
  const bool recalled = lexer.restore(snapshot.lexer);
  // The bytes of a token to discard are gone already.
  const std::size_t pending = snapshot.counts.discards ? 0 : lexer.pending();
  if (is_whole || !recalled || pending > snapshot.rest.size()) {
    reset();
    return false;
  }
  lexer_ = lexer;
  reader_.set_counts(snapshot.counts);
  append(snapshot.rest);
  at_ += pending;
  return true;
}

void Framer::append(std::string_view bytes) {
  const std::span<char> room = prepare(bytes.size());
  bytes.copy(room.data(), bytes.size());
  commit(bytes.size());
}

// Where the bytes begin that are still to be used, after the text of the message so far.
std::size_t Framer::kept_from() const {
  return reader_.discards() ? at_ : at_ - lexer_.pending();
}

// Closes the hole when that costs little: nothing to move, or no more than there is hole.
void Framer::compact(std::size_t minimum) {
  const std::size_t from = kept_from();
  const std::size_t hole = from - reader_.text_size();
  const std::size_t kept = end_ - from;
  if (hole == 0 || kept > hole) return;
  if (kept != 0 && buffer_.capacity() - end_ >= minimum) return;
  std::memmove(buffer_.data() + reader_.text_size(), buffer_.data() + from, kept);
  at_ -= hole;
  end_ -= hole;
}

void Framer::release_unused() {
  if (reader_.text_size() != 0 || kept_from() != end_) return;
  at_ = end_ = 0;
  if (buffer_.capacity() > idle_capacity) buffer_ = Buffer();
}

Document Framer::make_document(JsonReader::Message message) {
  return Document(take_text(message.text_size), std::move(message.nodes));
}

// The first `size` bytes of the buffer, as memory of their own.
Buffer::Memory Framer::take_text(std::size_t size) {
  const std::size_t rest = end_ - at_;
  const bool large = size >= large_text && size >= rest && size >= buffer_.capacity() / 4;
  Buffer other;
  if (large) {
    other.grow(std::max(smallest_capacity, rest));
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
