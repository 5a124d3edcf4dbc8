// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unit/state/freeze/freeze_fixture.h"
#include "unit/state/reexec_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::ConcurrentFreezeTest;
using bellhop::testing::reexec;
using ::testing::Contains;
using ::testing::ElementsAre;

using namespace std::chrono_literals;

class FreezeSnapshot : public ConcurrentFreezeTest {
 protected:
  // Snapshots the freeze, ends the agent, and restores the freeze in the next one.
  void upgrade() {
    SnapshotWriter writer(platform::current_pid());
    EXPECT_TRUE(freeze().snapshot(writer));
    Snapshot snapshot = reexec(writer, [this] { end_agent(); });
    was_frozen_ = Freeze::was_frozen(snapshot);
    freeze().restore(snapshot);
    freeze().start();
    EXPECT_TRUE(snapshot.close_rest().empty());
    filesystems.take_log();
  }

  bool was_frozen_ = false;
};

TEST_F(FreezeSnapshot, ThawsTheInheritedFilesystems) {
  EXPECT_EQ(freeze_list({"/", "/a/b"}), 2);
  const auto since = freeze().frozen_since();
  // The mountpoints cannot be opened any more.
  filesystems["/"].covered = true;
  filesystems["/a/b"].open_error = "No such file or directory";
  upgrade();
  EXPECT_TRUE(was_frozen_);
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(freeze().frozen_since(), since);
  EXPECT_EQ(thaw(), 2);
  EXPECT_THAT(filesystems.take_log(), ElementsAre("thaw /", "thaw /a/b", "thawed", "hook thaw"));
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_FALSE(has_state_file());
}

TEST_F(FreezeSnapshot, StaysThawed) {
  inherit_freeze();
  EXPECT_EQ(freeze_list({}).error().message, "filesystems are frozen already");
  EXPECT_TRUE(thaw());
  while (!freeze().is_idle()) std::this_thread::yield();
  upgrade();
  EXPECT_FALSE(was_frozen_);
  EXPECT_FALSE(freeze().is_frozen());
}

TEST_F(FreezeSnapshot, ThawsAlsoIfTheConnectionToTheGuardIsLost) {
  filesystems["/c"].frozen = 1;
  SnapshotWriter writer(platform::current_pid());
  writer.begin("freeze");
  writer.flag("frozen", true);
  Snapshot snapshot = reexec(writer, [] {});
  freeze().restore(snapshot);
  freeze().start();
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(thaw(), 1);
  EXPECT_EQ(filesystems.frozen("/c"), 0);
}

TEST_F(FreezeSnapshot, KeepsItsDeadline) {
  options.timeout = 2s;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(freeze_list({"/a"}), 1);
  options.timeout = 1h;  // the successor's configuration
  for (int i = 0; i < 5; ++i) upgrade();
  while (freeze().is_frozen()) std::this_thread::sleep_for(1ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(filesystems.frozen("/a"), 0);
}

TEST_F(FreezeSnapshot, KeepsTheTokenAndTheLimit) {
  const auto frozen = freeze().freeze(FreezeRequest{.limit = 1h, .owned = true});
  ASSERT_TRUE(frozen);
  upgrade();
  EXPECT_TRUE(freeze().status(frozen->token).is_owner);
  EXPECT_GT(freeze().status().remaining, 0ms);
  EXPECT_LE(freeze().status().remaining, 1h);
  EXPECT_EQ(freeze().renew(frozen->token, {}), 1h);
  EXPECT_EQ(freeze().thaw({.by = "x", .force = true}), 4);
  while (!freeze().is_idle()) std::this_thread::yield();
  upgrade();
  const auto ended = freeze().status(frozen->token).ended;
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->how, FreezeEnd::client);
  EXPECT_EQ(ended->by, "x");
}

TEST_F(FreezeSnapshot, StaysWithoutATimeout) {
  EXPECT_EQ(freeze_list({"/a"}), 1);
  upgrade();
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(thaw(), 1);
}

TEST_F(FreezeSnapshot, KeepsTheAutoThawNotice) {
  options.timeout = 1ms;
  filesystems["/a"].frozen = 1;
  inherit_freeze();  // a new freeze might exceed the timeout
  while (freeze().is_frozen() || !freeze().is_idle()) std::this_thread::sleep_for(1ms);
  upgrade();
  const auto thawed = freeze().thaw();
  ASSERT_FALSE(thawed);
  EXPECT_THAT(thawed.error().message, ::testing::HasSubstr("ended by itself"));
  EXPECT_TRUE(freeze().thaw());
}

TEST_F(FreezeSnapshot, IsRefusedWhileAFreezeRuns) {
  filesystems["/a"].freeze_barrier = &barrier;
  freeze_on_thread({"/a"});
  barrier.await_thread();
  EXPECT_FALSE(freeze().is_idle());
  SnapshotWriter writer(platform::current_pid());
  EXPECT_FALSE(freeze().snapshot(writer));
  barrier.open();
  EXPECT_EQ(frozen(), 1);
  EXPECT_TRUE(freeze().is_idle());
  EXPECT_EQ(thaw(), 1);
}

TEST_F(FreezeSnapshot, KeepsItsTimeoutAfterAFailedUpgrade) {
  options.timeout = 2s;
  EXPECT_EQ(freeze_list({"/a"}), 1);
  SnapshotWriter writer(platform::current_pid());
  EXPECT_TRUE(freeze().snapshot(writer));
  freeze().start();
  while (freeze().is_frozen()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(filesystems.frozen("/a"), 0);
}

}  // namespace
}  // namespace bellhop::state
