// Answers what comes on standard input as an agent does that has guest-ping, guest-sync and
// guest-sync-delimited only: for comparing the wire alone with another agent, byte for byte.
//
//   wire-probe [SEED]    reads in pieces whose sizes depend on SEED; without it, as they come
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "command/decode.h"
#include "wire/framer.h"
#include "wire/reply.h"
#include "wire/request.h"

namespace {

using bellhop::Result;
using namespace bellhop::wire;

struct Sync {
  std::int64_t id;
  static constexpr auto fields() { return bellhop::fields(bellhop::field<"id", &Sync::id>("")); }
};

void answer_success(std::string& out, const Request& request, std::optional<std::int64_t> value,
                    bool delimited) {
  SuccessReply reply(out, {}, delimited);
  JsonWriter& writer = reply.begin();
  if (value) {
    writer.integer(*value);
  } else {
    writer.begin_object();
    writer.end_object();
  }
  reply.finish(request.id);
}

Result<void> answer(std::string& out, const Request& request) {
  const bool delimited = request.execute == "guest-sync-delimited";
  if (delimited || request.execute == "guest-sync") {
    const auto sync = bellhop::decode_arguments<Sync>(request.arguments);
    if (!sync) return std::unexpected(sync.error());
    answer_success(out, request, sync->id, delimited);
  } else if (request.execute == "guest-ping") {
    const auto nothing = bellhop::decode_arguments<bellhop::Nothing>(request.arguments);
    if (!nothing) return std::unexpected(nothing.error());
    answer_success(out, request, std::nullopt, false);
  } else {
    return std::unexpected(
        bellhop::Error{bellhop::ErrorCode::command_not_found,
                       fmt::format("The command {} has not been found", request.execute)});
  }
  return {};
}

void answer(std::string& out, const std::expected<Document, bellhop::Error>& message) {
  if (!message) return append_error_reply(out, message.error(), std::nullopt);
  const auto request = read_request(*message);
  if (!request) return append_error_reply(out, request.error().error, request.error().id);
  const Result<void> done = answer(out, *request);
  if (!done) append_error_reply(out, done.error(), request->id);
}

bool write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Framer framer;
  std::minstd_rand random(argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 1);
  std::string out;
  for (;;) {
    auto room = framer.prepare(argc > 1 ? 1 : 64 * 1024);
    if (argc > 1) room = room.first(std::min<std::size_t>(room.size(), 1 + random() % 40));
    const ssize_t got = ::read(STDIN_FILENO, room.data(), room.size());
    if (got <= 0) return got == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    framer.commit(static_cast<std::size_t>(got));
    while (const auto message = framer.next()) answer(out, *message);
    if (!write_all(out)) return EXIT_FAILURE;
    out.clear();
  }
}
