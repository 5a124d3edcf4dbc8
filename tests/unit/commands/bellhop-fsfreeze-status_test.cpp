// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/fsfreeze_fixture.h"

namespace bellhop::testing {
namespace {

using ::testing::HasSubstr;

class BellhopFsfreezeStatus : public FsfreezeTest {};

TEST_F(BellhopFsfreezeStatus, IsThawedInitially) {
  EXPECT_EQ(returned("bellhop-fsfreeze-status"), Json({{"status", "thawed"}, {"owned", false}}));
}

TEST_F(BellhopFsfreezeStatus, TellsOfTheFreezeInForce) {
  const std::string token = frozen({{"limit-ms", 600'000}});
  Json status = returned("bellhop-fsfreeze-status");
  EXPECT_EQ(status["status"], "frozen");
  EXPECT_GT(status["since"], 0);
  EXPECT_GT(status["remaining-ms"], 0);
  EXPECT_LE(status["remaining-ms"], 600'000);
  EXPECT_EQ(status["owned"], true);
  EXPECT_FALSE(status.contains("mine"));
  status = returned("bellhop-fsfreeze-status", {{"token", token}});
  EXPECT_EQ(status["mine"], true);
  EXPECT_FALSE(status.contains("error"));
}

TEST_F(BellhopFsfreezeStatus, TellsThatAFreezeHasNoOwnerAndNoLimit) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  const Json status = returned("bellhop-fsfreeze-status", {{"token", ""}});
  EXPECT_EQ(status["owned"], false);
  EXPECT_EQ(status["mine"], false);
  EXPECT_FALSE(status.contains("remaining-ms"));
}

TEST_F(BellhopFsfreezeStatus, HasTheErrorOfAnUnknownTokenAsAMember) {
  EXPECT_EQ(
      returned("bellhop-fsfreeze-status", {{"token", "00"}}),
      Json({{"status", "thawed"}, {"owned", false}, {"mine", false}, {"error", unknown_token}}));
}

TEST_F(BellhopFsfreezeStatus, TellsWhoHasThawed) {
  const std::string token = frozen();
  EXPECT_EQ(call("guest-fsfreeze-thaw"), R"({"return": 2})");
  frozen();
  Json status = returned("bellhop-fsfreeze-status", {{"token", token}});
  EXPECT_EQ(status["status"], "frozen");
  EXPECT_EQ(status["mine"], false);
  EXPECT_EQ(status["ended"]["how"], "client");
  EXPECT_EQ(status["ended"]["by"], "test (pid 7)");
  EXPECT_GT(status["ended"]["when"], 0);
  EXPECT_THAT(status["error"].get<std::string>(), HasSubstr("by another client"));
}

TEST_F(BellhopFsfreezeStatus, TellsThatTheOwnerHasThawed) {
  const std::string token = frozen();
  returned("bellhop-fsfreeze-thaw", {{"token", token}});
  const Json status = returned("bellhop-fsfreeze-status", {{"token", token}});
  EXPECT_EQ(status["ended"]["how"], "owner");
}

TEST_F(BellhopFsfreezeStatus, TellsOfTheLimit) {
  const std::string token = frozen({{"limit-ms", 600'000}});
  returned("bellhop-fsfreeze-renew", {{"token", token}, {"limit-ms", 1}});
  await_thaw();
  const Json status = returned("bellhop-fsfreeze-status", {{"token", token}});
  EXPECT_EQ(status["status"], "thawed");
  EXPECT_EQ(status["ended"]["how"], "itself");
  EXPECT_FALSE(status["ended"].contains("by"));
  EXPECT_THAT(status["error"].get<std::string>(), HasSubstr("at the limit of 0.001 s"));
}

}  // namespace
}  // namespace bellhop::testing
