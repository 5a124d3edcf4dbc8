// SPDX-License-Identifier: Apache-2.0
// Splits the byte stream into JSON tokens, as qemu-ga 11.1 does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bellhop::wire {

// Maximum bytes of a string, number or keyword. The tokens of a message together must stay below
// it.
inline constexpr std::size_t token_size_limit = 64 * 1024 * 1024;

enum class TokenType : std::uint8_t {
  begin_object,
  end_object,
  begin_array,
  end_array,
  colon,
  comma,
  string,     // with its quotes
  integer,    // no fraction, no exponent
  real,       // with a fraction or an exponent
  keyword,    // lower-case letters: true, false, null or an error
  invalid,    // a byte that starts no token, or a token whose last byte is wrong
  oversized,  // the first token_size_limit + 1 bytes of a token; the rest is a new token
};

// Start of a token in the stream, in bytes from 1. As in qemu-ga, the column of a token is one too
// large if its first byte has ended the previous token or the recovery.
struct Position {
  std::uint64_t line = 1;
  std::uint64_t column = 1;
};

struct Token {
  TokenType type;
  bool plain;          // a string of ASCII without escapes: its text is its value
  std::size_t length;  // bytes
  Position position;
};

// Accepts the stream in pieces of any size and scans each byte once.
class Lexer {
 public:
  struct Step {
    std::optional<Token> token;  // none: all bytes are consumed and the token is not complete
    std::size_t consumed;        // of `input`, up to and including the token's last byte
  };

  Step next(std::string_view input);

  // Consumed bytes of the partial token.
  std::size_t pending() const { return length_; }

  // Drops the partial token. Line and column counts continue.
  void reset();

 private:
  enum class State : std::uint8_t {
    start,
    recovery,  // after an invalid token: skips bytes that would only cause further errors
    string,
    escape,
    minus,
    zero,
    digits,
    point,
    fraction,
    exponent,
    exponent_sign,
    exponent_digits,
    keyword,
  };
  enum class Verdict : std::uint8_t { inside, ended, ended_before, broken };

  const char* skip_to_token(const char* at, const char* end);
  const char* recover(const char* at, const char* end);
  std::optional<Token> begin_token(char c);
  Verdict consume(char c);
  Verdict consume_in_number(char c);
  const char* consume_run(const char* at, const char* end);
  std::optional<Token> continue_token(const char*& at, const char* end);
  Token finish(TokenType type, State next);
  void count(char c);

  State state_ = State::start;
  char quote_ = '"';
  bool plain_ = true;
  bool looked_ahead_ = false;    // the next byte has ended the previous token
  bool keeps_position_ = false;  // the previous token was oversized
  std::size_t length_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t column_ = 0;  // bytes of the line so far
  Position position_;
};

}  // namespace bellhop::wire
