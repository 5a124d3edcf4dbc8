// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/thaw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <thread>

#include "unit/state/freeze/freeze_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::FreezeTest;
using ::testing::ElementsAre;

// Thaws /c, which the agent froze, and /a, which another program froze.
class ThawTest : public FreezeTest {
 protected:
  bool freezing = false;

  ThawTest() { filesystems["/a"].frozen = 1; }

  void freeze_c() {
    const FrozenSet::Entry c{.mountpoint = "/c",
                             .filesystem = *filesystems.open({.mountpoint = "/c"})};
    EXPECT_TRUE(frozen().begin({c}));
    EXPECT_TRUE(FrozenSet::freeze(c));
    filesystems.take_log();
  }
  // Runs the thaw and returns what happened, in order.
  std::vector<std::string> run() {
    thaw().run([this](const auto&) { filesystems.add_log("on_thawed"); });
    return filesystems.take_log();
  }
  // The error of a thaw that has not finished.
  std::string error() {
    const auto result = thaw().result();
    return result ? "none" : result.error().message;
  }
  FrozenSet& frozen() {
    if (!frozen_) frozen_ = std::make_unique<FrozenSet>(filesystems, options, [](auto, auto) {});
    return *frozen_;
  }
  Thaw& thaw() {
    if (!thaw_) thaw_ = std::make_unique<Thaw>(filesystems, frozen(), options, freezing);
    return *thaw_;
  }

 private:
  std::unique_ptr<FrozenSet> frozen_;
  std::unique_ptr<Thaw> thaw_;
};

TEST_F(ThawTest, RunsTheHookBeforeItTriesOtherFilesystems) {
  freeze_c();
  EXPECT_THAT(run(), ElementsAre("thaw /c", "thawed", "on_thawed", "hook thaw", "thaw /a"));
  EXPECT_EQ(thaw().result(), 2);
  EXPECT_FALSE(frozen().is_frozen());
}

TEST_F(ThawTest, TriesAllFilesystemsBeforeTheHookIfNothingIsFrozen) {
  EXPECT_THAT(run(), ElementsAre("thaw /a", "on_thawed", "hook thaw"));
  EXPECT_EQ(thaw().result(), 1);
}

TEST_F(ThawTest, StopsBeforeTheHookIfAFilesystemStaysFrozen) {
  freeze_c();
  filesystems["/c"].thaw_error = "no";
  EXPECT_THAT(run(), ElementsAre("warning: no"));
  EXPECT_EQ(error(), "no");
  EXPECT_TRUE(frozen().is_frozen());
}

TEST_F(ThawTest, WarnsOfAHookThatFailsAfterTheReply) {
  hook_fails_on = "thaw";
  freeze_c();
  EXPECT_THAT(run(), ElementsAre("thaw /c", "thawed", "on_thawed", "hook thaw", "thaw /a",
                                 "warning: hook failed"));
  EXPECT_EQ(error(), "hook failed");
}

TEST_F(ThawTest, NamesWhatItWaitsFor) {
  freezing = true;
  EXPECT_EQ(error(), "the thaw goes on: a hook has not ended; call again");
  thaw().thaw_frozen("/x");
  EXPECT_EQ(error(), "the thaw goes on: '/x' does not answer; call again");

  freeze_c();
  filesystems["/c"].thaw_barrier = &barrier;
  std::jthread thread([this] { run(); });
  barrier.await_thread();
  while (frozen().thawing().empty()) std::this_thread::yield();
  EXPECT_EQ(error(), "the thaw goes on: '/c' does not answer; call again");
  barrier.open();
}

TEST_F(ThawTest, SucceedsBeforeItRunsIfNothingIsFrozen) {
  EXPECT_EQ(thaw().result(), 0);
}

TEST_F(ThawTest, SucceedsWhileOtherFilesystemsHang) {
  freeze_c();
  filesystems["/"].thaw_barrier = &barrier;
  std::jthread thread([this] { run(); });
  barrier.await_thread();
  EXPECT_EQ(thaw().result(), 1);
  barrier.open();
}

TEST_F(ThawTest, SucceedsWhileAFilesystemHangsIfNothingIsFrozen) {
  filesystems["/"].thaw_barrier = &barrier;
  std::jthread thread([this] { run(); });
  barrier.await_thread();
  EXPECT_EQ(thaw().result(), 0);
  barrier.open();
}

}  // namespace
}  // namespace bellhop::state
