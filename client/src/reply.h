// From the bytes that an agent sends to replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "failures.h"

namespace bellhop::client {

// Collects one reply: a line. White space between replies and all that stands before 0xFF is
// dropped.
class ReplyLine {
 public:
  explicit ReplyLine(std::size_t limit) : limit_(limit) {}

  // Takes what arrived next; true when the reply is complete or too large.
  bool take(std::string_view piece);

  bool too_large() const { return line_.size() > limit_; }
  // More arrived than one reply: what follows it was not asked for.
  bool has_surplus() const { return has_surplus_; }
  // What there is of the reply, without its line feed.
  const std::string& text() const { return line_; }

 private:
  std::size_t limit_;
  std::string line_;
  bool has_surplus_ = false;
};

// Looks for the reply to guest-sync-delimited: 0xFF and a line with the number. What it skips it
// does not keep, however much it is.
class SyncSearch {
 public:
  explicit SyncSearch(std::int64_t id) : id_(id) {}

  // Takes what arrived next; true when the search is over.
  bool take(std::string_view piece);

  // The agent's error, when the search ended because it refuses the command.
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  bool consume_line();

  std::int64_t id_;
  bool delimited_ = false;  // line_ began after 0xFF
  std::string line_;        // at most `max_line_size` bytes of the line that is being read
  std::optional<Error> refusal_;
};

// What the reply `text` to a command says: the value of `return`, or an error of the kind
// agent_error or protocol_violation.
std::expected<nlohmann::json, Error> parse_reply(std::string_view text, const Subject& subject);

}  // namespace bellhop::client
