// SPDX-License-Identifier: Apache-2.0
// Builds messages from tokens, with qemu-ga's errors and limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/lexer.h"
#include "wire/value.h"

namespace bellhop::wire {

// Limits of one message, in addition to token_size_limit.
inline constexpr std::size_t token_count_limit = 2 * 1024 * 1024;
inline constexpr std::size_t nesting_limit = 1024;

// Reports an error at the first token that shows it. Then discards tokens until the brackets
// balance.
//
// The tokens are in a buffer that starts with the decoded strings of the partial message. A string
// is decoded in place, or moved next to the other strings if the hole before it would be large.
class JsonReader {
 public:
  JsonReader() = default;
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // The content of a Document.
  struct Message {
    std::size_t text_size;  // bytes at the start of the buffer that contain its strings
    std::vector<Node> nodes;
  };

  // Consumes the next token, whose bytes start at `buffer + begin`. Returns the message that the
  // token completes or the error that it shows, otherwise nullopt.
  std::optional<std::expected<Message, Error>> feed(const Token& token, char* buffer,
                                                    std::size_t begin);

  // Bytes at the start of the buffer that are in use.
  std::size_t text_size() const { return text_size_; }
  // True while tokens are discarded after an error; their bytes are not read.
  bool discards() const { return counts_.discards; }
  // True if there is no partial message.
  bool idle() const { return counts_.tokens == 0; }

  // Drops the partial message.
  void reset();

 private:
  enum class Expects : std::uint8_t {
    value,
    first_element,
    first_key,
    key,
    colon,
    next_element,
    next_member,
  };
  // An incomplete array or object; `key` is the key of its current member. Both index nodes_.
  struct Open {
    std::uint32_t container;
    std::uint32_t key = 0;
  };
  // A key of an object. Both index nodes_.
  struct Key {
    std::uint32_t object;
    std::uint32_t key;
  };
  struct KeyOrder {
    const JsonReader* reader;
    bool operator()(Key a, Key b) const;
  };
  using SyntaxError = std::optional<std::string>;
  // Of the partial message.
  struct Counts {
    std::uint64_t token_bytes = 0;
    std::uint64_t tokens = 0;
    std::int64_t braces = 0;  // open ones, also counted while discarding
    std::int64_t brackets = 0;
    bool discards = false;
  };

  void count(const Token& token);
  bool balanced() const;
  const char* exceeded_limit() const;
  SyntaxError consume(const Token& token);
  SyntaxError consume_value(const Token& token);
  SyntaxError consume_key(const Token& token);
  SyntaxError consume_after_value(const Token& token);
  SyntaxError open(Kind kind);
  SyntaxError close();
  SyntaxError end_value();
  SyntaxError consume_keyword();
  SyntaxError add_string(bool plain);
  bool is_new_key(Open object);
  std::string_view string_at(std::uint32_t node) const;
  std::uint32_t next_index() const { return static_cast<std::uint32_t>(nodes_.size()); }

  std::vector<Node> nodes_;
  std::vector<Open> open_;
  std::set<Key, KeyOrder> keys_{KeyOrder{this}};  // of objects with many members
  Expects expects_ = Expects::value;
  bool complete_ = false;
  std::size_t text_size_ = 0;
  Counts counts_;

  char* buffer_ = nullptr;  // of the current token
  std::string_view text_;
};

// Parses one value, for tests and tools. Only white space may surround it.
std::expected<Document, Error> parse(std::string_view text);

}  // namespace bellhop::wire
