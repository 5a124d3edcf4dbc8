// SPDX-License-Identifier: Apache-2.0
// Parses the agent's output.
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

// Collects one reply, which is a line. Drops white space before it, and everything before 0xFF.
class ReplyLine {
 public:
  explicit ReplyLine(std::size_t limit) : limit_(limit) {}

  // Consumes the next piece of input. True if the reply is complete or too large.
  bool consume(std::string_view piece);

  bool too_large() const { return line_.size() > limit_; }
  // True if there is input after the reply, which belongs to no request of this client.
  bool has_surplus() const { return has_surplus_; }
  // The reply as far as it has been received, without its line feed.
  const std::string& text() const { return line_; }

 private:
  std::size_t limit_;
  std::string line_;
  bool has_surplus_ = false;
};

// Searches for the reply to guest-sync-delimited: 0xFF and a line with the id. Needs constant
// memory for any amount of input.
class SyncSearch {
 public:
  explicit SyncSearch(std::int64_t id) : id_(id) {}

  // Consumes the next piece of input. True if the search is over.
  bool consume(std::string_view piece);

  // The agent's error if it refused the command.
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  bool consume_line();

  std::int64_t id_;
  bool delimited_ = false;  // line_ began after 0xFF
  std::string line_;        // the first `max_line_size` bytes of the current line
  std::optional<Error> refusal_;
};

// Returns the member `return` of the reply `text`. Errors: agent_error, protocol_violation.
std::expected<nlohmann::json, Error> parse_reply(std::string_view text, const Subject& subject);

}  // namespace bellhop::client
