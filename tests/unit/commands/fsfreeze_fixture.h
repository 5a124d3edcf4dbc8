// SPDX-License-Identifier: Apache-2.0
// For tests of the commands bellhop-fsfreeze*.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {

class FsfreezeTest : public CommandTest {
 protected:
  using Json = nlohmann::json;

  FsfreezeTest() { caller.peer = "pid 7"; }

  // The value that a command returns.
  Json returned(std::string_view command, const Json& arguments = Json::object()) {
    const std::string reply = call(command, arguments.dump());
    const Json parsed = Json::parse(reply);
    EXPECT_TRUE(parsed.contains("return")) << reply;
    return parsed.value("return", Json());
  }
  // The text of its error; empty if it succeeds.
  std::string error(std::string_view command, const Json& arguments = Json::object()) {
    const Json parsed = Json::parse(call(command, arguments.dump()));
    return parsed.value("error", Json::object()).value("desc", "");
  }
  // Freezes, and returns the token.
  std::string frozen(const Json& arguments = Json::object()) {
    return returned("bellhop-fsfreeze", arguments).value("token", "");
  }
  void await_thaw() {
    while (freeze.is_frozen() || !freeze.is_idle()) std::this_thread::yield();
  }

  static constexpr auto unknown_token =
      "no freeze with this token is known: what was copied with it may be inconsistent";
};

}  // namespace bellhop::testing
