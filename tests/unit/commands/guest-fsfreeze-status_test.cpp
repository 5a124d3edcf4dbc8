// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestFsfreezeStatus : public CommandTest {};

TEST_F(GuestFsfreezeStatus, IsThawedUntilSomethingIsFrozen) {
  EXPECT_EQ(call("guest-fsfreeze-status"), R"({"return": "thawed"})");
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  EXPECT_EQ(call("guest-fsfreeze-status"), R"({"return": "frozen"})");
}

}  // namespace
}  // namespace bellhop::testing
