// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/frozen_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "unit/state/freeze/freeze_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::FreezeTest;
using ::testing::ElementsAre;

using namespace std::chrono_literals;

class FrozenSetTest : public FreezeTest {
 protected:
  FrozenSetTest() {
    options.timeout = 0ms;
    options.retry_interval = 1ms;
  }
  // Freezes in this order.
  void freeze(const std::vector<std::string>& mountpoints) {
    std::vector<FrozenSet::Entry> entries;
    for (const std::string& one : mountpoints) {
      entries.push_back({.mountpoint = one, .filesystem = *filesystems.open({.mountpoint = one})});
    }
    EXPECT_TRUE(set().begin(entries, {.token = "t"}));
    for (const auto& one : entries) EXPECT_TRUE(FrozenSet::freeze(one));
  }
  FrozenSet& set() {
    if (!set_) {
      set_ =
          std::make_unique<FrozenSet>(filesystems, options, [this](FrozenSet::Change change, auto) {
            filesystems.add_log("change " + std::to_string(static_cast<int>(change)));
          });
    }
    return *set_;
  }
  void await_log(const std::string& line) {
    for (auto log = filesystems.take_log(); std::ranges::find(log, line) == log.end();
         log = filesystems.take_log()) {
      std::this_thread::yield();
    }
  }

 private:
  std::unique_ptr<FrozenSet> set_;
};

TEST_F(FrozenSetTest, IsFrozenFromBeginToEnd) {
  EXPECT_FALSE(set().is_frozen());
  freeze({"/c", "/a"});
  EXPECT_TRUE(set().is_frozen());
  EXPECT_TRUE(set().since());
  EXPECT_TRUE(has_state_file());
  set().end_freezing(true);
  EXPECT_EQ(set().thaw(), 2);
  EXPECT_FALSE(has_state_file());
  const auto ended = set().end(FreezeEnd::client, "x");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->how, FreezeEnd::client);
  EXPECT_EQ(ended->by, "x");
  EXPECT_FALSE(set().is_frozen());
  EXPECT_FALSE(set().end());
  EXPECT_THAT(filesystems.take_log(),
              ElementsAre("frozen", "freeze /c", "freeze /a", "thaw /a", "thaw /c", "thawed"));
}

TEST_F(FrozenSetTest, DoesNotEndBeforeTheAgentFreezesNoMore) {
  freeze({"/c"});
  EXPECT_EQ(set().thaw(), 1);
  EXPECT_TRUE(has_state_file());
  set().end_freezing(false);
  EXPECT_EQ(set().thaw(), 0);
  EXPECT_FALSE(has_state_file());
}

TEST_F(FrozenSetTest, CanBeCancelled) {
  freeze({});
  set().cancel();
  EXPECT_FALSE(set().is_frozen());
  EXPECT_FALSE(has_state_file());
}

TEST_F(FrozenSetTest, ReturnsTheErrorOfTheGuardAndStaysFrozen) {
  freeze({"/c"});
  set().end_freezing(true);
  filesystems["/c"].thaw_error = "no";
  const auto thawed = set().thaw();
  ASSERT_FALSE(thawed);
  EXPECT_EQ(thawed.error().message, "no");
  EXPECT_TRUE(set().is_frozen());
  filesystems["/c"].thaw_error.clear();
  EXPECT_EQ(set().thaw(), 1);
}

TEST_F(FrozenSetTest, ReportsThatItExpiredAndEnded) {
  freeze({"/c"});
  set().end_freezing(true);
  EXPECT_EQ(set().renew("t", 1ms), 1ms);
  await_log("change 1");
  EXPECT_TRUE(set().has_expired());
  EXPECT_EQ(filesystems.frozen("/c"), 0);
  EXPECT_EQ(set().thaw(), 1);
  const auto ended = set().end(FreezeEnd::owner, "x");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->how, FreezeEnd::itself);
  EXPECT_EQ(ended->by, "");
  EXPECT_THAT(ended->message, ::testing::HasSubstr("at the limit of 0.001 s"));
}

TEST_F(FrozenSetTest, KeepsTheEndsOfFreezesWithTokens) {
  freeze({"/c"});
  EXPECT_FALSE(set().status("t").is_owner);  // nobody knows the token yet
  EXPECT_FALSE(set().renew("t", {}));
  set().end_freezing(true);
  EXPECT_TRUE(set().status("t").is_owner);
  EXPECT_EQ(set().thaw(), 1);
  set().end(FreezeEnd::client, "x");
  const FreezeStatus status = set().status("t");
  EXPECT_FALSE(status.is_owner);
  ASSERT_TRUE(status.ended);
  EXPECT_EQ(status.ended->by, "x");
}

TEST_F(FrozenSetTest, ForgetsTheTokenOfAFreezeThatFailed) {
  freeze({"/c"});
  set().end_freezing(false);
  EXPECT_EQ(set().thaw(), 1);
  set().end();
  EXPECT_FALSE(set().status("t").ended);
}

TEST_F(FrozenSetTest, ThawsWithoutAGuardThatIsGone) {
  freeze({"/c"});
  set().end_freezing(true);
  filesystems.guard()->kill();
  await_log("change 2");
  filesystems["/c"].open_error = "covered";
  EXPECT_EQ(set().thaw(), 1);
  EXPECT_EQ(filesystems.frozen("/c"), 0);
  EXPECT_FALSE(has_state_file());
}

}  // namespace
}  // namespace bellhop::state
