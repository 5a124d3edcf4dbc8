// Splits the byte stream into JSON tokens, as qemu-ga 11.1 does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bellhop::wire {

// A string, number or word may be this long; a message's tokens together must stay below it.
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
  keyword,    // lower-case letters: true, false, null or a mistake
  invalid,    // bytes that begin no token, or a token broken by its last byte
  oversized,  // the first token_size_limit + 1 bytes of a token; what follows is lexed anew
};

// Where a token begins in the stream, as qemu-ga counts: bytes, from 1. The first token after a
// byte that ended another token without being part of it is off by one column, as qemu-ga has it.
struct Position {
  std::uint64_t line = 1;
  std::uint64_t column = 1;
};

struct Token {
  TokenType type;
  bool plain;          // a string of ASCII without escapes: its bytes are its value
  std::size_t length;  // bytes
  Position position;
};

// Takes the stream in pieces of any size; looks at each byte once.
class Lexer {
 public:
  struct Step {
    std::optional<Token> token;  // none: all bytes are consumed and the token is not complete
    std::size_t consumed;        // the token's last byte is the last one consumed
  };

  Step next(std::string_view input);

  // Bytes of the snapshot token.
  std::size_t pending() const { return length_; }

  // Forgets the snapshot token; counting of lines and columns goes on.
  void reset();

  // All that a lexer knows, as numbers: another one goes on in the middle of a token.
  using Snapshot = std::array<std::uint64_t, 10>;
  Snapshot snapshot() const;
  // False, and nothing has changed, when the numbers mean nothing.
  bool restore(const Snapshot& memory);

 private:
  enum class State : std::uint8_t {
    start,
    recovery,  // after stray bytes: skips what would be errors only because of them
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
    word,
  };
  enum class Verdict : std::uint8_t { inside, ended, ended_before, broken };

  const char* skip_to_token(const char* at, const char* end);
  const char* recover(const char* at, const char* end);
  std::optional<Token> begin_token(char c);
  Verdict take(char c);
  Verdict consume_in_number(char c);
  const char* consume_run(const char* at, const char* end);
  std::optional<Token> continue_token(const char*& at, const char* end);
  Token finish(TokenType type, State next);
  void count(char c);

  State state_ = State::start;
  char quote_ = '"';
  bool plain_ = true;
  bool looked_ahead_ = false;    // the byte to come has ended the token before it
  bool keeps_position_ = false;  // the token before it was oversized
  std::size_t length_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t column_ = 0;  // bytes of the line so far
  Position position_;
};

}  // namespace bellhop::wire
