// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <utility>

namespace bellhop::client {
namespace {

using nlohmann::json;

constexpr char delimiter = '\xFF';
constexpr std::string_view white_space = " \t\r\n";
// The limit of qemu's own parser. Printing and destroying a value need stack for each level.
constexpr std::size_t max_depth = 1024;

bool nests_too_deep(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        for (++i; i < text.size() && text[i] != '"'; ++i) {
          if (text[i] == '\\') ++i;
        }
        break;
      case '[':
      case '{':
        if (++depth > max_depth) return true;
        break;
      case ']':
      case '}':
        if (depth > 0) --depth;
        break;
      default:
        break;
    }
  }
  return false;
}

std::optional<json> parse(std::string_view text) {
  if (nests_too_deep(text)) return std::nullopt;
  std::optional<json> value(std::in_place, json::parse(text, nullptr, false));
  if (value->is_discarded()) return std::nullopt;
  return value;
}

std::optional<Error> error_in(const json& reply, std::string_view command) {
  const auto error = reply.find("error");
  if (error == reply.end() || !error->is_object()) return std::nullopt;
  const auto agent_class = error->find("class");
  const auto description = error->find("desc");
  if (agent_class == error->end() || !agent_class->is_string()) return std::nullopt;
  if (description == error->end() || !description->is_string()) return std::nullopt;
  return agent_error(command, agent_class->get_ref<const std::string&>(),
                     description->get_ref<const std::string&>());
}

}  // namespace

bool ReplyLine::consume(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    std::string_view part = piece.substr(0, end);
    if (const std::size_t last = part.rfind(delimiter); last != part.npos) {
      line_.clear();
      part.remove_prefix(last + 1);
    }
    line_.append(part);
    if (too_large()) return true;
    if (end == piece.npos) return false;
    piece.remove_prefix(end + 1);
    if (line_.find_first_not_of(white_space) != line_.npos) {
      has_surplus_ = piece.find_first_not_of(white_space) != piece.npos;
      return true;
    }
    line_.clear();
  }
  return false;
}

bool SyncSearch::consume(std::string_view piece) {
  constexpr std::size_t max_line_size = 1024;  // replies and refusals are far shorter
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    std::string_view part = piece.substr(0, end);
    if (const std::size_t last = part.rfind(delimiter); last != part.npos) {
      delimited_ = true;
      line_.clear();
      part.remove_prefix(last + 1);
    }
    line_.append(part.substr(0, max_line_size - line_.size()));
    if (end == piece.npos) return false;
    piece.remove_prefix(end + 1);
    if (consume_line()) return true;
    delimited_ = false;
    line_.clear();
  }
  return false;
}

// Called at the end of a line. True if the search is over.
bool SyncSearch::consume_line() {
  constexpr std::string_view command = "guest-sync-delimited";
  if (!delimited_ && line_.find(command) == line_.npos) return false;
  const auto reply = parse(line_);
  if (!reply || !reply->is_object()) return false;
  if (!delimited_) {
    refusal_ = error_in(*reply, command);
    return refusal_.has_value();
  }
  const auto value = reply->find("return");
  return value != reply->end() && value->is_number_integer() && *value == id_;
}

std::expected<json, Error> parse_reply(std::string_view text, const Subject& subject) {
  auto reply = parse(text);
  if (!reply) return std::unexpected(invalid_reply(subject, text, "this is not JSON"));
  if (!reply->is_object()) {
    return std::unexpected(invalid_reply(subject, text, "this is not an object"));
  }
  if (auto error = error_in(*reply, subject.command)) return std::unexpected(*std::move(error));
  const auto value = reply->find("return");
  if (value == reply->end()) {
    return std::unexpected(
        invalid_reply(subject, text, "it has neither 'return' nor a valid 'error'"));
  }
  return std::expected<json, Error>(std::in_place, std::move(*value));
}

}  // namespace bellhop::client
