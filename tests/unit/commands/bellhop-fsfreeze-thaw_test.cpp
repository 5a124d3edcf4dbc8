// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/fsfreeze_fixture.h"

namespace bellhop::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class BellhopFsfreezeThaw : public FsfreezeTest {
 protected:
  static constexpr auto expired =
      "the freeze that began at \\S+ ended by itself at \\S+, at the limit of 0.001 s: what was "
      "copied after that may be inconsistent";
};

TEST_F(BellhopFsfreezeThaw, ThawsTheFreezeOfTheToken) {
  const std::string token = frozen();
  EXPECT_EQ(returned("bellhop-fsfreeze-thaw", {{"token", token}}), Json({{"thawed", 2}}));
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(BellhopFsfreezeThaw, MayBeRepeatedByTheOwner) {
  const std::string token = frozen();
  returned("bellhop-fsfreeze-thaw", {{"token", token}});
  frozen();
  EXPECT_EQ(returned("bellhop-fsfreeze-thaw", {{"token", token}}), Json({{"thawed", 0}}));
  EXPECT_TRUE(freeze.is_frozen());
}

TEST_F(BellhopFsfreezeThaw, ThawsAFreezeThatHasNoToken) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  EXPECT_EQ(returned("bellhop-fsfreeze-thaw"), Json({{"thawed", 2}}));
  EXPECT_EQ(returned("bellhop-fsfreeze-thaw"), Json({{"thawed", 0}}));
}

TEST_F(BellhopFsfreezeThaw, LeavesAnotherClientsFreeze) {
  frozen();
  EXPECT_THAT(error("bellhop-fsfreeze-thaw"),
              MatchesRegex("filesystems have been frozen since 20\\S+Z by a client with a token: "
                           "pass the token, or force"));
  EXPECT_EQ(error("bellhop-fsfreeze-thaw", {{"token", "00"}}), unknown_token);
  EXPECT_EQ(error("bellhop-fsfreeze-thaw", {{"token", ""}}), unknown_token);
  EXPECT_TRUE(freeze.is_frozen());
  EXPECT_EQ(filesystems.frozen("/"), 1);
}

TEST_F(BellhopFsfreezeThaw, LeavesAFreezeThatHasNoTokenIfGivenOne) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  EXPECT_EQ(error("bellhop-fsfreeze-thaw", {{"token", ""}}), unknown_token);
  EXPECT_TRUE(freeze.is_frozen());
}

TEST_F(BellhopFsfreezeThaw, ThawsAnyFreezeWithForceAndTellsItsOwner) {
  const std::string token = frozen();
  EXPECT_EQ(returned("bellhop-fsfreeze-thaw", {{"force", true}}), Json({{"thawed", 2}}));
  EXPECT_THAT(error("bellhop-fsfreeze-thaw", {{"token", token}}),
              MatchesRegex("the freeze that began at \\S+Z was thawed at \\S+Z by another client, "
                           "on test \\(pid 7\\): what was copied after that may be inconsistent"));
}

TEST_F(BellhopFsfreezeThaw, TellsTheOwnerOfAThawByGuestFsfreezeThaw) {
  const std::string token = frozen();
  EXPECT_EQ(call("guest-fsfreeze-thaw"), R"({"return": 2})");
  const std::string message = error("bellhop-fsfreeze-thaw", {{"token", token}});
  EXPECT_THAT(message, HasSubstr("by another client, on test (pid 7)"));
  EXPECT_EQ(error("bellhop-fsfreeze-thaw", {{"token", token}}), message);
}

TEST_F(BellhopFsfreezeThaw, TellsTheOwnerOfTheLimitAndLeavesTheNextFreeze) {
  const std::string first = frozen({{"limit-ms", 600'000}});
  returned("bellhop-fsfreeze-renew", {{"token", first}, {"limit-ms", 1}});
  await_thaw();
  const std::string second = frozen();
  EXPECT_THAT(error("bellhop-fsfreeze-thaw", {{"token", first}}), MatchesRegex(expired));
  EXPECT_TRUE(freeze.is_frozen());
  EXPECT_EQ(returned("bellhop-fsfreeze-thaw", {{"token", second}}), Json({{"thawed", 2}}));
  EXPECT_THAT(error("bellhop-fsfreeze-thaw", {{"token", first}}), MatchesRegex(expired));
}

TEST_F(BellhopFsfreezeThaw, ReportsALimitThatTheOwnerKnowsToNobodyElse) {
  const std::string token = frozen({{"limit-ms", 600'000}});
  returned("bellhop-fsfreeze-renew", {{"token", token}, {"limit-ms", 1}});
  await_thaw();
  EXPECT_THAT(error("bellhop-fsfreeze-thaw", {{"token", token}}), MatchesRegex(expired));
  EXPECT_EQ(call("guest-fsfreeze-thaw"), R"({"return": 0})");
}

TEST_F(BellhopFsfreezeThaw, ReportsALimitOnceToClientsWithoutAToken) {
  const std::string token = frozen({{"limit-ms", 600'000}});
  returned("bellhop-fsfreeze-renew", {{"token", token}, {"limit-ms", 1}});
  await_thaw();
  EXPECT_THAT(error("bellhop-fsfreeze-thaw"), MatchesRegex(expired));
  EXPECT_EQ(error("bellhop-fsfreeze-thaw"), "");
  EXPECT_THAT(error("bellhop-fsfreeze-thaw", {{"token", token}}), MatchesRegex(expired));
}

TEST_F(BellhopFsfreezeThaw, RunsWhileFrozenAndIsExpedited) {
  for (const std::string_view name :
       {"bellhop-fsfreeze-thaw", "bellhop-fsfreeze-renew", "bellhop-fsfreeze-status"}) {
    for (const Command* command : all_commands()) {
      if (command->facts.name != name) continue;
      EXPECT_TRUE(command->facts.served_while_frozen) << name;
      EXPECT_EQ(command->facts.priority, Priority::expedited) << name;
    }
  }
}

}  // namespace
}  // namespace bellhop::testing
