// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bellhop::platform {
namespace {

TEST(RandomHex, IsHexadecimalAndNeverTheSame) {
  const auto one = random_hex(16);
  ASSERT_TRUE(one);
  EXPECT_THAT(*one, ::testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(random_hex(16), *one);
}

TEST(RandomHex, FailsForMoreThanTheSystemGives) {
  EXPECT_FALSE(random_hex(257));
}

}  // namespace
}  // namespace bellhop::platform
