// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/version.h"
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class BellhopInfo : public CommandTest {};

TEST_F(BellhopInfo, ReportsItsOwnVersionAndTheProtocols) {
  EXPECT_THAT(
      call("bellhop-info"),
      StartsWith(fmt::format(R"({{"return": {{"version": "{}", "protocol": "11.1.3", "started": )",
                             program_version)));
}

TEST_F(BellhopInfo, CountsSecondsSinceTheStart) {
  services.started -= std::chrono::hours(1);
  EXPECT_THAT(call("bellhop-info"), HasSubstr(R"("uptime": 360)"));
}

TEST_F(BellhopInfo, CountsTheProgramsBeforeThisOne) {
  EXPECT_THAT(call("bellhop-info"), HasSubstr(R"("replaced": 0)"));
  services.upgrades = 3;
  EXPECT_THAT(call("bellhop-info"), HasSubstr(R"("replaced": 3)"));
}

TEST_F(BellhopInfo, SaysSinceWhenItIsFrozen) {
  const std::string thawed = call("bellhop-info");
  EXPECT_THAT(thawed, HasSubstr(R"("frozen": false)"));
  EXPECT_THAT(thawed, Not(HasSubstr("frozen-since")));
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(
      freeze.frozen_since()->time_since_epoch());
  EXPECT_THAT(call("bellhop-info"),
              HasSubstr(fmt::format(R"("frozen": true, "frozen-since": {}}})", since.count())));
}

}  // namespace
}  // namespace bellhop::testing
