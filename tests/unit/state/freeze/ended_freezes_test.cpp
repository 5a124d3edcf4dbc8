// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/ended_freezes.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/state/reexec_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::reexec;

const std::chrono::system_clock::time_point noon{std::chrono::hours(12)};

TEST(EndedFreezes, AreFoundByTheirToken) {
  EndedFreezes freezes;
  freezes.add({.token = "a", .how = FreezeEnd::client, .message = "x"});
  freezes.add({.token = "b", .how = FreezeEnd::owner});
  ASSERT_NE(freezes.find("a"), nullptr);
  EXPECT_EQ(freezes.find("a")->message, "x");
  EXPECT_EQ(freezes.find("b")->how, FreezeEnd::owner);
  EXPECT_EQ(freezes.find("c"), nullptr);
}

TEST(EndedFreezes, AreNotKeptWithoutAToken) {
  EndedFreezes freezes;
  freezes.add({.token = ""});
  EXPECT_EQ(freezes.find(""), nullptr);
}

TEST(EndedFreezes, ForgetTheOldest) {
  EndedFreezes freezes;
  for (std::size_t i = 0; i <= EndedFreezes::limit; ++i) freezes.add({.token = std::to_string(i)});
  EXPECT_EQ(freezes.find("0"), nullptr);
  EXPECT_NE(freezes.find("1"), nullptr);
  EXPECT_NE(freezes.find(std::to_string(EndedFreezes::limit)), nullptr);
}

TEST(EndedFreezes, SurviveALiveUpgrade) {
  EndedFreezes before;
  before.add({.token = "a", .how = FreezeEnd::client, .when = noon, .by = "x", .message = "y\nz"});
  before.add({.token = "b", .how = FreezeEnd::itself});
  SnapshotWriter writer(platform::current_pid());
  before.snapshot(writer);
  Snapshot snapshot = reexec(writer, [] {});
  EndedFreezes after;
  after.restore(snapshot);
  EXPECT_TRUE(snapshot.close_rest().empty());
  const EndedFreeze* const a = after.find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->how, FreezeEnd::client);
  EXPECT_EQ(a->when, noon);
  EXPECT_EQ(a->by, "x");
  EXPECT_EQ(a->message, "y\nz");
  ASSERT_NE(after.find("b"), nullptr);
  EXPECT_EQ(after.find("b")->how, FreezeEnd::itself);
}

}  // namespace
}  // namespace bellhop::state
