// SPDX-License-Identifier: Apache-2.0
#include "agent/policy.h"

#include <gtest/gtest.h>

namespace bellhop::agent {
namespace {

using Names = std::vector<std::string>;

TEST(Policy, AllowsEverythingByDefault) {
  EXPECT_TRUE(Policy(Names{}).allows("guest-exec"));
}

TEST(Policy, RejectsBlockedCommands) {
  const Policy policy(Names{"guest-exec", "no-such-command"});
  EXPECT_FALSE(policy.allows("guest-exec"));
  EXPECT_TRUE(policy.allows("guest-exec-status"));
}

TEST(Policy, AllowsOnlyTheCommandsOnAnAllowList) {
  const Policy policy(Names{}, Names{"guest-ping"});
  EXPECT_TRUE(policy.allows("guest-ping"));
  EXPECT_FALSE(policy.allows("guest-info"));
}

TEST(Policy, PrefersTheBlockListToTheAllowList) {
  const Policy policy(Names{"guest-ping"}, Names{"guest-ping", "guest-info"});
  EXPECT_FALSE(policy.allows("guest-ping"));
  EXPECT_TRUE(policy.allows("guest-info"));
}

TEST(Policy, AllowsAllCommandsWithAnEmptyAllowList) {
  EXPECT_TRUE(Policy(Names{}, Names{}).allows("guest-ping"));
}

TEST(Policy, ComparesNamesExactly) {
  const Policy policy(Names{" guest-ping", "Guest-Info"});
  EXPECT_TRUE(policy.allows("guest-ping"));
  EXPECT_TRUE(policy.allows("guest-info"));
}

}  // namespace
}  // namespace bellhop::agent
