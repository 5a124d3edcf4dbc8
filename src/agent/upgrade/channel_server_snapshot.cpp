// A server on its way from one program to the next.
#include <fmt/format.h>

#include "agent/channel_server.h"

namespace bellhop::agent {
namespace {

std::string lexer_field(std::size_t index) {
  return fmt::format("lexer-{}", index);
}

void write_unfinished(state::SnapshotWriter& writer, const wire::Framer::Snapshot& snapshot) {
  writer.text("message", snapshot.message);
  writer.text("rest", snapshot.rest);
  for (std::size_t i = 0; i < snapshot.lexer.size(); ++i) {
    writer.number(lexer_field(i), static_cast<std::int64_t>(snapshot.lexer[i]));
  }
  writer.number("token-bytes", static_cast<std::int64_t>(snapshot.counts.token_bytes));
  writer.number("tokens", static_cast<std::int64_t>(snapshot.counts.tokens));
  writer.number("braces", snapshot.counts.braces);
  writer.number("brackets", snapshot.counts.brackets);
  writer.flag("discards", snapshot.counts.discards);
}

wire::Framer::Snapshot read_unfinished(const state::SnapshotRecord& record) {
  const auto count = [&](std::string_view field) {
    return static_cast<std::uint64_t>(record.number(field).value_or(0));
  };
  wire::Framer::Snapshot snapshot{.message = std::string(record.text("message").value_or("")),
                                  .rest = std::string(record.text("rest").value_or("")),
                                  .lexer = {},
                                  .counts = {.token_bytes = count("token-bytes"),
                                             .tokens = count("tokens"),
                                             .braces = record.number("braces").value_or(0),
                                             .brackets = record.number("brackets").value_or(0),
                                             .discards = record.flag("discards")}};
  for (std::size_t i = 0; i < snapshot.lexer.size(); ++i) {
    snapshot.lexer[i] = count(lexer_field(i));
  }
  return snapshot;
}

}  // namespace

void ChannelServer::snapshot(state::SnapshotWriter& writer) const {
  const channel::Channel::Snapshot channel_state = channel_.snapshot();
  writer.begin("channel");
  writer.text("description", channel_.description());
  writer.descriptor("listener", channel_state.listener);
  writer.descriptor("client", channel_state.client);
  writer.text("unsent", channel_state.unsent);
  writer.number("unframed", static_cast<std::int64_t>(unframed_bytes_));
  write_unfinished(writer, framer_.snapshot());
}

bool ChannelServer::restore(const state::SnapshotRecord& record) {
  unframed_bytes_ = static_cast<std::size_t>(record.number("unframed").value_or(0));
  if (framer_.restore(read_unfinished(record))) return true;
  unframed_bytes_ = 0;
  return false;
}

}  // namespace bellhop::agent
