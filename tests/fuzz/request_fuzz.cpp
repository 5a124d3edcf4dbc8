// SPDX-License-Identifier: Apache-2.0
// Every message must get a reply of one line of ASCII, which is JSON and has the request's id.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "unit/wire/answers.h"
#include "wire/reply.h"
#include "wire/request.h"

namespace {

using namespace bellhop::wire;
using nlohmann::json;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string success_reply(const Request& request) {
  std::string out;
  SuccessReply reply(out, {}, false);
  reply.begin().string(request.execute);
  reply.finish(request.id);
  return out;
}

void check_reply(const std::string& reply, std::optional<Value> id) {
  require(reply.ends_with('\n') && std::count(reply.begin(), reply.end(), '\n') == 1);
  require(
      std::all_of(reply.begin(), reply.end() - 1, [](char c) { return c >= 0x20 && c < 0x7F; }));
  const json value = json::parse(reply, nullptr, false);
  if (value.is_discarded()) {
    require(reply.find("inf") != std::string::npos);  // the id contains an infinite number
    return;
  }
  require(value.contains("return") != value.contains("error"));
  require(value.contains("id") == id.has_value());
  if (id) require(value["id"] == json::parse(testing::text_of(*id)));
}

void check(const std::expected<Document, bellhop::Error>& message) {
  std::string reply;
  if (!message) {
    append_error_reply(reply, message.error(), std::nullopt);
    return check_reply(reply, std::nullopt);
  }
  const auto request = read_request(*message);
  if (request) return check_reply(success_reply(*request), request->id);
  append_error_reply(reply, request.error().error, request.error().id);
  check_reply(reply, request.error().id);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer requires this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Framer framer;
  const auto room = framer.prepare(size + 1);
  std::copy_n(reinterpret_cast<const char*>(data), size, room.data());
  framer.commit(size);
  while (const auto message = framer.next()) check(message.value());
  return 0;
}
