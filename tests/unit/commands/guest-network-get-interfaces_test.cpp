// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class GuestNetworkGetInterfaces : public CommandTest {};

TEST_F(GuestNetworkGetInterfaces, ReturnsTheLoopbackInterface) {
  const std::string reply = call("guest-network-get-interfaces");
  EXPECT_THAT(reply, StartsWith(R"({"return": [{"name": ")"));
  EXPECT_THAT(reply, HasSubstr(R"("hardware-address": "00:00:00:00:00:00")"));
}

TEST_F(GuestNetworkGetInterfaces, TakesNoArguments) {
  EXPECT_EQ(call("guest-network-get-interfaces", R"({"name": "lo"})"),
            error_reply("Parameter 'name' is unexpected"));
}

}  // namespace
}  // namespace bellhop::testing
