// From tokens to messages, with qemu-ga's errors and limits.
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

// Limits of one message, with token_size_limit.
inline constexpr std::size_t token_count_limit = 2 * 1024 * 1024;
inline constexpr std::size_t nesting_limit = 1024;

// Reports what is wrong as soon as a token shows it; discards what follows until brackets balance.
//
// The tokens lie in a buffer whose head holds the strings of the message so far, decoded. A string
// is decoded where it lies, or moved to the others when the hole before it would be large.
class JsonReader {
 public:
  JsonReader() = default;
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // What a message's Document is made of.
  struct Message {
    std::size_t text_size;  // bytes at the buffer's head that its strings lie in
    std::vector<Node> nodes;
  };

  // Takes the next token, whose bytes begin at `buffer + begin`. Returns the message that it
  // completes or the error that it shows.
  std::optional<std::expected<Message, Error>> feed(const Token& token, char* buffer,
                                                    std::size_t begin);

  // Bytes at the buffer's head that are in use.
  std::size_t text_size() const { return text_size_; }
  // Whether the bytes of the next tokens are not looked at.
  bool discards() const { return counts_.discards; }
  // Whether no message has begun.
  bool idle() const { return counts_.tokens == 0; }

  // Forgets the snapshot message.
  void reset();

  // What was counted of the snapshot message.
  struct Counts {
    std::uint64_t token_bytes = 0;
    std::uint64_t tokens = 0;
    std::int64_t braces = 0;  // open ones, also while discarding
    std::int64_t brackets = 0;
    bool discards = false;
  };
  const Counts& counts() const { return counts_; }
  // JSON that brings another reader to the same point, but for the counts.
  std::string serialize_partial(const char* buffer) const;
  // For a reader that has been brought there, or that is to discard what follows.
  void set_counts(const Counts& counts) { counts_ = counts; }

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
  // An array or object that is not complete, by node; `key` is that of the member at hand.
  struct Open {
    std::uint32_t container;
    std::uint32_t key = 0;
  };
  // A key of an object, by node.
  struct Key {
    std::uint32_t object;
    std::uint32_t key;
  };
  struct KeyOrder {
    const JsonReader* reader;
    bool operator()(Key a, Key b) const;
  };
  using SyntaxError = std::optional<std::string>;

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
  std::set<Key, KeyOrder> keys_{KeyOrder{this}};  // of objects with many
  Expects expects_ = Expects::value;
  bool complete_ = false;
  std::size_t text_size_ = 0;
  Counts counts_;

  char* buffer_ = nullptr;  // of the token at hand
  std::string_view text_;
};

// Parses one value, for tests and tools. White space around it is allowed, nothing else.
std::expected<Document, Error> parse(std::string_view text);

}  // namespace bellhop::wire
