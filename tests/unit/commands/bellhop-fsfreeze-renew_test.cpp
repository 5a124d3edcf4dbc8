// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/fsfreeze_fixture.h"

namespace bellhop::testing {
namespace {

using ::testing::HasSubstr;

class BellhopFsfreezeRenew : public FsfreezeTest {
 protected:
  std::chrono::milliseconds remaining() const {
    return freeze.status().remaining.value_or(std::chrono::milliseconds(0));
  }
};

TEST_F(BellhopFsfreezeRenew, BeginsTheLimitAgain) {
  const std::string token = frozen({{"limit-ms", 3'000'000}});
  const auto before = remaining();
  while (remaining() == before) std::this_thread::yield();
  EXPECT_EQ(returned("bellhop-fsfreeze-renew", {{"token", token}}),
            Json({{"limit-ms", 3'000'000}}));
  EXPECT_GT(remaining().count(), 2'000'000);
}

TEST_F(BellhopFsfreezeRenew, TakesAnotherLimit) {
  const std::string token = frozen({{"limit-ms", 1000'000}});
  EXPECT_EQ(returned("bellhop-fsfreeze-renew", {{"token", token}, {"limit-ms", 3'000'000}}),
            Json({{"limit-ms", 3'000'000}}));
  EXPECT_GT(remaining().count(), 1'000'000);
  EXPECT_EQ(returned("bellhop-fsfreeze-renew", {{"token", token}}),
            Json({{"limit-ms", 3'000'000}}));
}

TEST_F(BellhopFsfreezeRenew, RefusesALimitThatIsNone) {
  const std::string token = frozen();
  EXPECT_EQ(error("bellhop-fsfreeze-renew", {{"token", token}, {"limit-ms", 0}}),
            "limit-ms is 0, but must be from 1 to 3600000");
}

TEST_F(BellhopFsfreezeRenew, FailsWithoutTheTokenOfTheFreeze) {
  frozen();
  EXPECT_EQ(error("bellhop-fsfreeze-renew", {{"token", "00"}}), unknown_token);
  EXPECT_EQ(error("bellhop-fsfreeze-renew", {{"token", ""}}), unknown_token);
  EXPECT_EQ(error("bellhop-fsfreeze-renew"), "Parameter 'token' is missing");
}

TEST_F(BellhopFsfreezeRenew, DoesNotRenewAFreezeThatHasNoToken) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  EXPECT_EQ(error("bellhop-fsfreeze-renew", {{"token", ""}, {"limit-ms", 1}}), unknown_token);
}

TEST_F(BellhopFsfreezeRenew, SaysWhoHasThawed) {
  const std::string token = frozen();
  EXPECT_EQ(call("guest-fsfreeze-thaw"), R"({"return": 2})");
  EXPECT_THAT(error("bellhop-fsfreeze-renew", {{"token", token}}),
              HasSubstr("by another client, on test (pid 7)"));
}

TEST_F(BellhopFsfreezeRenew, SaysThatTheOwnerHasThawed) {
  const std::string token = frozen();
  returned("bellhop-fsfreeze-thaw", {{"token", token}});
  EXPECT_THAT(error("bellhop-fsfreeze-renew", {{"token", token}}), HasSubstr("with its token"));
}

TEST_F(BellhopFsfreezeRenew, KeepsTheLimitWhenTheGuardIsReplaced) {
  const std::string token = frozen({{"limit-ms", 1000}});
  returned("bellhop-fsfreeze-renew", {{"token", token}, {"limit-ms", 3'000'000}});
  const auto first = filesystems.guard();
  first->kill();
  while (filesystems.guard() == first) std::this_thread::yield();
  EXPECT_GT(remaining().count(), 2'000'000);
  EXPECT_EQ(returned("bellhop-fsfreeze-status", {{"token", token}})["mine"], true);
}

}  // namespace
}  // namespace bellhop::testing
