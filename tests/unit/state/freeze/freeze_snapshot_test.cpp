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
    freeze().arm_timeout();
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
  std::ofstream(options.state_file).flush();  // as if it could not be removed
  EXPECT_EQ(freeze_list({}).error().message, "filesystems are frozen already");
  EXPECT_TRUE(thaw());
  std::ofstream(options.state_file).flush();
  upgrade();
  EXPECT_FALSE(was_frozen_);
  EXPECT_FALSE(freeze().is_frozen());
}

TEST_F(FreezeSnapshot, ThawsEverythingAfterALostSnapshot) {
  std::ofstream(options.state_file).flush();
  filesystems["/c"].frozen = 1;
  upgrade();
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(thaw(), 1);
}

TEST_F(FreezeSnapshot, ThawsEverythingIfADescriptorIsLost) {
  filesystems["/c"].frozen = 1;
  filesystems["/c"].thaw_error = "failed to thaw /c: Input/output error";
  const platform::Handle descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SnapshotWriter writer(platform::current_pid());
  writer.begin("freeze");
  writer.flag("frozen", true);
  writer.begin("frozen-filesystem");
  writer.text("mountpoint", "/a");
  writer.descriptor("filesystem", descriptor.get());
  writer.begin("frozen-filesystem");
  writer.text("mountpoint", "/c");
  Snapshot snapshot = reexec(writer, [] {});
  freeze().restore(snapshot);
  const auto thawed = freeze().thaw();
  ASSERT_FALSE(thawed);
  EXPECT_EQ(thawed.error().message, "failed to thaw /c: Input/output error");
  EXPECT_TRUE(freeze().is_frozen());
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

TEST_F(FreezeSnapshot, StaysWithoutATimeout) {
  EXPECT_EQ(freeze_list({"/a"}), 1);
  upgrade();
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(thaw(), 1);
}

TEST_F(FreezeSnapshot, KeepsTheAutoThawNotice) {
  options.timeout = 1ms;
  std::ofstream(options.state_file).flush();  // a new freeze might exceed the timeout
  filesystems["/a"].frozen = 1;
  freeze().arm_timeout();
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
  freeze().arm_timeout();
  while (freeze().is_frozen()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(filesystems.frozen("/a"), 0);
}

}  // namespace
}  // namespace bellhop::state
