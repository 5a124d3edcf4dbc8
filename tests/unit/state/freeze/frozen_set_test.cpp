// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/frozen_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unit/state/freeze/freeze_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::FreezeTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FrozenSetTest : public FreezeTest {
 protected:
  Result<bool> freeze(const std::string& mountpoint) {
    auto filesystem = filesystems.open({.mountpoint = mountpoint});
    return set().freeze({.mountpoint = mountpoint, .filesystem = *std::move(filesystem)});
  }
  std::vector<std::string> mountpoints() {
    std::vector<std::string> all;
    for (const FrozenSet::Entry& one : set().in_thaw_order()) all.push_back(one.mountpoint);
    return all;
  }
  FrozenSet& set() {
    if (!set_) set_ = std::make_unique<FrozenSet>(options);
    return *set_;
  }

 private:
  std::unique_ptr<FrozenSet> set_;
};

TEST_F(FrozenSetTest, IsFrozenFromBeginToEnd) {
  EXPECT_FALSE(set().is_frozen());
  set().begin();
  EXPECT_TRUE(set().is_frozen());
  EXPECT_TRUE(set().since());
  EXPECT_TRUE(has_state_file());
  set().end();
  EXPECT_FALSE(set().is_frozen());
  EXPECT_FALSE(has_state_file());
  set().end();
  EXPECT_THAT(filesystems.take_log(), ElementsAre("frozen", "thawed"));
}

TEST_F(FrozenSetTest, ThawsTheLastFrozenFirst) {
  for (const char* mountpoint : {"/c", "/a", "/"}) EXPECT_EQ(freeze(mountpoint), true);
  EXPECT_THAT(mountpoints(), ElementsAre("/", "/a", "/c"));
  set().remove(set().in_thaw_order()[1]);
  EXPECT_THAT(mountpoints(), ElementsAre("/", "/c"));
}

TEST_F(FrozenSetTest, DoesNotContainWhatItDidNotFreeze) {
  filesystems["/a"].frozen = 1;
  EXPECT_EQ(freeze("/a"), false);
  filesystems["/c"].freeze_error = "no";
  EXPECT_FALSE(freeze("/c"));
  EXPECT_THAT(mountpoints(), IsEmpty());
}

TEST_F(FrozenSetTest, IsIncompleteUntilTheEndIfAnEarlierAgentFroze) {
  std::ofstream(options.state_file).flush();
  EXPECT_TRUE(set().is_frozen());
  EXPECT_FALSE(set().is_complete());
  set().end();
  EXPECT_TRUE(set().is_complete());
}

}  // namespace
}  // namespace bellhop::state
