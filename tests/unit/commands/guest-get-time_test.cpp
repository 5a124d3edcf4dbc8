// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <chrono>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetTime : public CommandTest {};

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST_F(GuestGetTime, ReturnsNanoseconds) {
  const std::int64_t before = now();
  const std::string reply = call("guest-get-time");
  const std::int64_t after = now();
  const std::string prefix = R"({"return": )";
  ASSERT_TRUE(reply.starts_with(prefix)) << reply;
  std::int64_t time = 0;
  const auto parsed =
      std::from_chars(reply.data() + prefix.size(), reply.data() + reply.size(), time);
  EXPECT_EQ(std::string(parsed.ptr), "}");
  EXPECT_GE(time, before);
  EXPECT_LE(time, after);
}

}  // namespace
}  // namespace bellhop::testing
