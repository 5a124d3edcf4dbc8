// A session on its way from one program to the next.
#include <fmt/format.h>

#include "agent/session.h"

namespace bellhop::agent {
namespace {

std::string lexer_field(std::size_t index) {
  return fmt::format("lexer-{}", index);
}

void write_unfinished(state::HandoverWriter& writer, const wire::Framer::Unfinished& unfinished) {
  writer.text("message", unfinished.message);
  writer.text("rest", unfinished.rest);
  for (std::size_t i = 0; i < unfinished.lexer.size(); ++i) {
    writer.number(lexer_field(i), static_cast<std::int64_t>(unfinished.lexer[i]));
  }
  writer.number("token-bytes", static_cast<std::int64_t>(unfinished.counts.token_bytes));
  writer.number("tokens", static_cast<std::int64_t>(unfinished.counts.tokens));
  writer.number("braces", unfinished.counts.braces);
  writer.number("brackets", unfinished.counts.brackets);
  writer.flag("discards", unfinished.counts.discards);
}

wire::Framer::Unfinished read_unfinished(const state::HandoverRecord& record) {
  const auto count = [&](std::string_view field) {
    return static_cast<std::uint64_t>(record.number(field).value_or(0));
  };
  wire::Framer::Unfinished unfinished{.message = std::string(record.text("message").value_or("")),
                                      .rest = std::string(record.text("rest").value_or("")),
                                      .lexer = {},
                                      .counts = {.token_bytes = count("token-bytes"),
                                                 .tokens = count("tokens"),
                                                 .braces = record.number("braces").value_or(0),
                                                 .brackets = record.number("brackets").value_or(0),
                                                 .discards = record.flag("discards")}};
  for (std::size_t i = 0; i < unfinished.lexer.size(); ++i) {
    unfinished.lexer[i] = count(lexer_field(i));
  }
  return unfinished;
}

}  // namespace

void Session::hand_over(state::HandoverWriter& writer) const {
  const channel::Channel::Kept kept = channel_.kept();
  writer.begin("channel");
  writer.text("description", channel_.description());
  writer.descriptor("listener", kept.listener);
  writer.descriptor("client", kept.client);
  writer.text("unsent", kept.unsent);
  writer.number("unframed", static_cast<std::int64_t>(unframed_bytes_));
  write_unfinished(writer, framer_.unfinished());
}

bool Session::take_over(const state::HandoverRecord& record) {
  unframed_bytes_ = static_cast<std::size_t>(record.number("unframed").value_or(0));
  if (framer_.go_on_with(read_unfinished(record))) return true;
  unframed_bytes_ = 0;
  return false;
}

}  // namespace bellhop::agent
