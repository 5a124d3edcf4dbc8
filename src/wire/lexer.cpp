// SPDX-License-Identifier: Apache-2.0
#include "wire/lexer.h"

#include <algorithm>
#include <utility>

namespace bellhop::wire {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

std::optional<TokenType> structural(char c) {
  switch (c) {
    case '{':
      return TokenType::begin_object;
    case '}':
      return TokenType::end_object;
    case '[':
      return TokenType::begin_array;
    case ']':
      return TokenType::end_array;
    case ':':
      return TokenType::colon;
    case ',':
      return TokenType::comma;
    default:
      return std::nullopt;
  }
}

// Control characters, 0xFE and 0xFF: no valid token contains them, and all but the tab end the
// recovery.
bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0xFE;
}

// The first quote, backslash or forbidden byte. Sets `plain` to false if a byte before it is not
// ASCII.
const char* find_string_special(const char* at, const char* end, char quote, bool& plain) {
  constexpr std::ptrdiff_t block = 32;
  const auto quote_byte = static_cast<unsigned char>(quote);
  while (end - at >= block) {
    unsigned char special = 0;
    unsigned char high = 0;
    for (std::ptrdiff_t i = 0; i < block; ++i) {
      const auto byte = static_cast<unsigned char>(at[i]);
      special |= static_cast<unsigned char>((byte == quote_byte) | (byte == '\\') | (byte < 0x20) |
                                            (byte >= 0xFE));
      high |= byte;
    }
    if (special != 0) break;
    if (high >= 0x80) plain = false;
    at += block;
  }
  for (; at != end && *at != quote && *at != '\\' && !is_forbidden(*at); ++at) {
    if (static_cast<unsigned char>(*at) >= 0x80) plain = false;
  }
  return at;
}

}  // namespace

Lexer::Step Lexer::next(std::string_view input) {
  const char* at = input.data();
  const char* const end = at + input.size();
  const auto consumed = [&] { return static_cast<std::size_t>(at - input.data()); };

  while (at != end) {
    if (state_ == State::start) {
      at = skip_to_token(at, end);
      if (at == end) break;
      const auto token = begin_token(*at++);
      if (token) return {token, consumed()};
    } else if (state_ == State::recovery) {
      at = recover(at, end);
    } else {
      const auto token = continue_token(at, end);
      if (token) return {token, consumed()};
    }
  }
  return {std::nullopt, consumed()};
}

void Lexer::reset() {
  state_ = State::start;
  length_ = 0;
  looked_ahead_ = false;
  keeps_position_ = false;
}

void Lexer::count(char c) {
  if (c == '\n') {
    ++line_;
    column_ = 0;
  } else {
    ++column_;
  }
}

const char* Lexer::skip_to_token(const char* at, const char* end) {
  for (; at != end && is_space(*at); ++at) {
    count(*at);
    looked_ahead_ = false;
    keeps_position_ = false;
  }
  return at;
}

const char* Lexer::recover(const char* at, const char* end) {
  const char* const stop =
      std::find_if(at, end, [](char c) { return structural(c) || (is_forbidden(c) && c != '\t'); });
  column_ += static_cast<std::uint64_t>(stop - at);
  if (stop != end) {
    state_ = State::start;
    looked_ahead_ = true;
  }
  return stop;
}

std::optional<Token> Lexer::begin_token(char c) {
  count(c);
  if (!std::exchange(keeps_position_, false)) {
    position_ = {line_, column_ + (looked_ahead_ ? 1 : 0)};
  }
  looked_ahead_ = false;
  length_ = 1;
  plain_ = true;
  if (const auto type = structural(c)) return finish(*type, State::start);
  if (c == '"' || c == '\'') {
    quote_ = c;
    state_ = State::string;
  } else if (is_letter(c)) {
    state_ = State::keyword;
  } else if (c == '0') {
    state_ = State::zero;
  } else if (is_digit(c)) {
    state_ = State::digits;
  } else if (c == '-') {
    state_ = State::minus;
  } else {
    return finish(TokenType::invalid, State::recovery);
  }
  return std::nullopt;
}

// Consumes a run of bytes that do not change the state, and the byte after it.
std::optional<Token> Lexer::continue_token(const char*& at, const char* end) {
  const std::size_t allowed = token_size_limit + 1 - length_;
  if (static_cast<std::size_t>(end - at) > allowed) end = at + allowed;

  const char* const run = consume_run(at, end);
  length_ += static_cast<std::size_t>(run - at);
  column_ += static_cast<std::uint64_t>(run - at);
  at = run;
  if (at != end) {
    const State before = state_;
    const Verdict verdict = consume(*at);
    if (verdict == Verdict::ended_before) {
      looked_ahead_ = true;
      if (before == State::keyword) return finish(TokenType::keyword, State::start);
      const bool integer = before == State::zero || before == State::digits;
      return finish(integer ? TokenType::integer : TokenType::real, State::start);
    }
    count(*at++);
    ++length_;
    if (verdict == Verdict::ended) return finish(TokenType::string, State::start);
    if (verdict == Verdict::broken) return finish(TokenType::invalid, State::recovery);
  }
  if (length_ <= token_size_limit) return std::nullopt;
  keeps_position_ = true;
  return finish(TokenType::oversized, State::start);
}

const char* Lexer::consume_run(const char* at, const char* end) {
  switch (state_) {
    case State::string:
      return find_string_special(at, end, quote_, plain_);
    case State::keyword:
      return std::find_if_not(at, end, is_letter);
    case State::digits:
    case State::fraction:
    case State::exponent_digits:
      return std::find_if_not(at, end, is_digit);
    default:
      return at;
  }
}

Lexer::Verdict Lexer::consume(char c) {
  switch (state_) {
    case State::string:
      if (c == quote_) return Verdict::ended;
      if (c != '\\') return Verdict::broken;
      plain_ = false;
      state_ = State::escape;
      return Verdict::inside;
    case State::escape:
      if (is_forbidden(c)) return Verdict::broken;
      state_ = State::string;
      return Verdict::inside;
    case State::keyword:
      return Verdict::ended_before;
    default:
      return consume_in_number(c);
  }
}

Lexer::Verdict Lexer::consume_in_number(char c) {
  const auto enter = [&](State state) {
    state_ = state;
    return Verdict::inside;
  };
  const bool e = c == 'e' || c == 'E';
  switch (state_) {
    case State::minus:
      if (!is_digit(c)) return Verdict::broken;
      return enter(c == '0' ? State::zero : State::digits);
    case State::zero:
      if (is_digit(c)) return Verdict::broken;
      return c == '.' ? enter(State::point) : Verdict::ended_before;
    case State::digits:
      if (c == '.') return enter(State::point);
      return e ? enter(State::exponent) : Verdict::ended_before;
    case State::point:
      return is_digit(c) ? enter(State::fraction) : Verdict::broken;
    case State::fraction:
      return e ? enter(State::exponent) : Verdict::ended_before;
    case State::exponent:
      if (c == '+' || c == '-') return enter(State::exponent_sign);
      [[fallthrough]];
    case State::exponent_sign:
      return is_digit(c) ? enter(State::exponent_digits) : Verdict::broken;
    default:
      return Verdict::ended_before;
  }
}

Token Lexer::finish(TokenType type, State next) {
  state_ = next;
  return {type, plain_, std::exchange(length_, 0), position_};
}

}  // namespace bellhop::wire
