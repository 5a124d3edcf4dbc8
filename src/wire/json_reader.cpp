// SPDX-License-Identifier: Apache-2.0
#include "wire/json_reader.h"

#include <fmt/format.h>

#include <cstring>
#include <tuple>
#include <utility>

#include "wire/framer.h"
#include "wire/number.h"
#include "wire/string_literal.h"

namespace bellhop::wire {
namespace {

// qemu-ga formats the text of a syntax error in a buffer of 1024 bytes.
constexpr std::size_t syntax_error_limit = 1023;

// In objects with more members, a set finds duplicate keys.
constexpr std::uint32_t max_linear_members = 8;

// True if a string is decoded in place: the hole before it is small compared to its length.
bool stays_in_place(std::size_t hole, std::size_t length) {
  return hole <= length / 4 && length >= 512;
}

Error request_error(std::string message) {
  return Error{ErrorCode::invalid_request, std::move(message)};
}

Error parse_error(Position position, std::string_view syntax_error) {
  return request_error(fmt::format("{}:{}: JSON parse error, {}", position.line, position.column,
                                   syntax_error.substr(0, syntax_error_limit)));
}

// qemu-ga prints `text` as a C string, without the NUL that an invalid token may end with.
std::string quoted(std::string_view what, std::string_view text) {
  text = text.substr(0, syntax_error_limit);
  return fmt::format("{} '{}'", what, text.substr(0, text.find('\0')));
}

bool begins_value(TokenType type) {
  switch (type) {
    case TokenType::end_object:
    case TokenType::end_array:
    case TokenType::colon:
    case TokenType::comma:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::optional<std::expected<JsonReader::Message, Error>> JsonReader::feed(const Token& token,
                                                                          char* buffer,
                                                                          std::size_t begin) {
  std::optional<std::expected<Message, Error>> result;
  count(token);
  if (!counts_.discards) {
    buffer_ = buffer;
    text_ = {buffer + begin, token.length};
    if (const char* limit = exceeded_limit()) {
      result = std::unexpected(request_error(limit));
    } else if (const SyntaxError syntax_error = consume(token)) {
      result = std::unexpected(parse_error(token.position, *syntax_error));
    } else if (complete_) {
      result = Message{text_size_, std::move(nodes_)};
    }
  }
  if (balanced() || token.type == TokenType::invalid) {
    reset();
  } else if (result) {
    counts_.discards = true;
    text_size_ = 0;
    nodes_ = {};
  }
  return result;
}

void JsonReader::reset() {
  nodes_ = {};
  open_.clear();
  keys_.clear();
  expects_ = Expects::value;
  complete_ = false;
  text_size_ = 0;
  counts_ = {};
}

void JsonReader::count(const Token& token) {
  counts_.token_bytes += token.length;
  ++counts_.tokens;
  counts_.braces += token.type == TokenType::begin_object;
  counts_.braces -= token.type == TokenType::end_object;
  counts_.brackets += token.type == TokenType::begin_array;
  counts_.brackets -= token.type == TokenType::end_array;
}

bool JsonReader::balanced() const {
  return counts_.braces < 0 || counts_.brackets < 0 ||
         (counts_.braces == 0 && counts_.brackets == 0);
}

const char* JsonReader::exceeded_limit() const {
  if (counts_.token_bytes >= token_size_limit) return "JSON token size limit exceeded";
  if (counts_.tokens > token_count_limit) return "JSON token count limit exceeded";
  if (counts_.braces + counts_.brackets > static_cast<std::int64_t>(nesting_limit)) {
    return "JSON nesting depth limit exceeded";
  }
  return nullptr;
}

JsonReader::SyntaxError JsonReader::consume(const Token& token) {
  if (token.type == TokenType::invalid) return quoted("stray", text_);
  switch (expects_) {
    case Expects::first_element:
      if (token.type == TokenType::end_array) return close();
      [[fallthrough]];
    case Expects::value:
      return consume_value(token);
    case Expects::first_key:
      if (token.type == TokenType::end_object) return close();
      [[fallthrough]];
    case Expects::key:
      return consume_key(token);
    case Expects::colon:
      if (token.type != TokenType::colon) return "expecting ':'";
      expects_ = Expects::value;
      return std::nullopt;
    default:
      return consume_after_value(token);
  }
}

JsonReader::SyntaxError JsonReader::consume_key(const Token& token) {
  if (token.type != TokenType::string) return "expecting key";
  open_.back().key = next_index();
  if (SyntaxError syntax_error = add_string(token.plain)) return syntax_error;
  expects_ = Expects::colon;
  return std::nullopt;
}

JsonReader::SyntaxError JsonReader::consume_value(const Token& token) {
  if (!begins_value(token.type)) return "expecting value";
  if (token.type == TokenType::begin_object) return open(Kind::object);
  if (token.type == TokenType::begin_array) return open(Kind::array);
  SyntaxError syntax_error;
  if (token.type == TokenType::string) {
    syntax_error = add_string(token.plain);
  } else if (token.type == TokenType::keyword) {
    syntax_error = consume_keyword();
  } else {
    nodes_.push_back(parse_number(text_));
    nodes_.back().end = next_index();
  }
  return syntax_error ? syntax_error : end_value();
}

JsonReader::SyntaxError JsonReader::consume_after_value(const Token& token) {
  const bool in_array = expects_ == Expects::next_element;
  if (token.type == (in_array ? TokenType::end_array : TokenType::end_object)) return close();
  if (token.type != TokenType::comma) {
    return in_array ? "expected ',' or ']'" : "expected ',' or '}'";
  }
  expects_ = in_array ? Expects::value : Expects::key;
  return std::nullopt;
}

JsonReader::SyntaxError JsonReader::open(Kind kind) {
  open_.push_back({next_index()});
  nodes_.push_back({.kind = kind});
  expects_ = kind == Kind::array ? Expects::first_element : Expects::first_key;
  return std::nullopt;
}

JsonReader::SyntaxError JsonReader::close() {
  nodes_[open_.back().container].end = next_index();
  open_.pop_back();
  return end_value();
}

// Adds a complete value to its container.
JsonReader::SyntaxError JsonReader::end_value() {
  if (open_.empty()) {
    complete_ = true;
    return std::nullopt;
  }
  Node& container = nodes_[open_.back().container];
  const bool in_array = container.kind == Kind::array;
  if (!in_array && !is_new_key(open_.back())) return "duplicate key";
  ++container.size;
  expects_ = in_array ? Expects::next_element : Expects::next_member;
  return std::nullopt;
}

JsonReader::SyntaxError JsonReader::consume_keyword() {
  Node node{.kind = Kind::null, .end = next_index() + 1};
  if (text_ == "true" || text_ == "false") {
    node.kind = Kind::boolean;
    node.boolean = text_ == "true";
  } else if (text_ != "null") {
    return quoted("invalid keyword", text_);
  }
  nodes_.push_back(node);
  return std::nullopt;
}

JsonReader::SyntaxError JsonReader::add_string(bool plain) {
  const auto begin = static_cast<std::size_t>(text_.data() - buffer_) + 1;
  std::size_t length = text_.size() - 2;
  const std::size_t place = stays_in_place(begin - text_size_, length) ? begin : text_size_;
  if (!plain) {
    auto decoded = decode_string_literal(text_, buffer_ + place);
    if (!decoded) return std::move(decoded).error();
    length = *decoded;
  } else if (place != begin) {
    std::memmove(buffer_ + place, buffer_ + begin, length);
  }
  Node node{.kind = Kind::string, .end = next_index() + 1};
  node.string = {place, length};
  nodes_.push_back(node);
  text_size_ = place + length;
  return std::nullopt;
}

std::string_view JsonReader::string_at(std::uint32_t node) const {
  return {buffer_ + nodes_[node].string.begin, nodes_[node].string.length};
}

bool JsonReader::KeyOrder::operator()(Key a, Key b) const {
  return std::tuple(a.object, reader->string_at(a.key)) <
         std::tuple(b.object, reader->string_at(b.key));
}

// True if no earlier member of the object has the key of the current one. Adds the keys of objects
// with many members to keys_.
bool JsonReader::is_new_key(Open object) {
  const std::uint32_t members = nodes_[object.container].size;
  if (members > max_linear_members) return keys_.insert({object.container, object.key}).second;

  const std::string_view key = string_at(object.key);
  std::uint32_t earlier = object.container + 1;
  for (std::uint32_t i = 0; i < members; ++i) {
    if (string_at(earlier) == key) return false;
    if (members == max_linear_members) keys_.insert({object.container, earlier});
    earlier = nodes_[earlier + 1].end;
  }
  if (members == max_linear_members) keys_.insert({object.container, object.key});
  return true;
}

std::expected<Document, Error> parse(std::string_view text) {
  Framer framer;
  const std::span<char> room = framer.prepare(text.size() + 1);
  text.copy(room.data(), text.size());
  room[text.size()] = '\n';  // ends a number or a keyword
  framer.commit(text.size() + 1);

  auto document = framer.next();
  if (!document) return std::unexpected(request_error("Expecting a JSON value"));
  if (document->has_value() && (framer.next() || !framer.idle())) {
    return std::unexpected(request_error("Expecting at most one JSON value"));
  }
  return *std::move(document);
}

}  // namespace bellhop::wire
