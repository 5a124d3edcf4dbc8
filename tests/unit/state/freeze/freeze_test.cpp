// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <tuple>

#include "unit/gate.h"
#include "unit/state/freeze/freeze_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Barrier;
using bellhop::testing::ConcurrentFreezeTest;
using bellhop::testing::FreezeTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using namespace std::chrono_literals;

TEST_F(FreezeTest, IsThawedInitially) {
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_FALSE(freeze().frozen_since());
}

TEST_F(FreezeTest, FreezesInReverseOrderAndThawsInOrder) {
  EXPECT_EQ(freeze_list({"/", "/a/b", "/a"}), 3);
  EXPECT_THAT(filesystems.take_log(),
              ElementsAre("hook freeze", "frozen", "freeze /a/b", "freeze /a", "freeze /"));
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_TRUE(freeze().frozen_since());
  EXPECT_EQ(freeze().thaw(), 3);
  EXPECT_THAT(filesystems.take_log(),
              ElementsAre("thaw /", "thaw /a", "thaw /a/b", "thawed", "hook thaw"));
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_FALSE(freeze().frozen_since());
}

TEST_F(FreezeTest, FreezesEverythingWithoutNames) {
  EXPECT_EQ(freeze().freeze(std::nullopt), 4);
  EXPECT_EQ(freeze().thaw(), 4);
}

TEST_F(FreezeTest, FreezesNothingAndRunsNoHookForANameThatIsNoMountpoint) {
  for (const std::string name : {"/nonexistent", "", "c", "/c/x", "/a/../c", "/C"}) {
    const auto frozen = freeze_list({"/c", name});
    ASSERT_FALSE(frozen) << name;
    EXPECT_EQ(frozen.error().message, "cannot freeze '" + name +
                                          "': no filesystem is mounted there; guest-get-fsinfo "
                                          "lists the mountpoints");
  }
  EXPECT_THAT(filesystems.take_log(), IsEmpty());
  EXPECT_FALSE(freeze().is_frozen());
}

TEST_F(FreezeTest, FreezesByAnyNameOfAFilesystemOnce) {
  filesystems["/c"].other_mountpoints = {"/bind"};
  for (const std::string name : {"/c/", "//c", "/./c", "/c/.", "/c//", "/bind", "/bind/"}) {
    EXPECT_EQ(freeze_list({name, "/c", "/c"}), 1) << name;
    EXPECT_EQ(filesystems.frozen("/c"), 1);
    EXPECT_EQ(freeze().thaw(), 1);
    EXPECT_EQ(freeze_list({name}), 1) << name;
    EXPECT_EQ(freeze().thaw(), 1);
  }
  EXPECT_EQ(freeze_list({"//"}), 1);
  EXPECT_EQ(filesystems.frozen("/"), 1);
}

TEST_F(FreezeTest, IgnoresNamesOfFilesystemsThatCannotBeFrozen) {
  EXPECT_EQ(freeze_list({"/proc", "/c"}), 1);
  EXPECT_EQ(freeze().thaw(), 1);
  EXPECT_EQ(freeze_list({"/proc"}), 0);
}

TEST_F(FreezeTest, ANameThatIsNoMountpointLeavesTheNoticeOfAnAutoThaw) {
  std::ofstream(directory / "bellhop.freeze-ended") << "note\n";
  EXPECT_FALSE(freeze_list({"/nonexistent"}));
  const auto thawed = freeze().thaw();
  ASSERT_FALSE(thawed);
  EXPECT_EQ(thawed.error().message, "note");
}

TEST_F(FreezeTest, StaysThawedAndRunsTheHooksForAnEmptyList) {
  EXPECT_EQ(freeze_list({}), 0);
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_THAT(filesystems.take_log(), ElementsAre("hook freeze", "hook thaw"));
}

TEST_F(FreezeTest, StaysThawedAndRunsTheHooksWhenNothingCanFreeze) {
  filesystems["/a"].can_freeze = false;
  EXPECT_EQ(freeze_list({"/a"}), 0);
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_FALSE(has_state_file());
  EXPECT_THAT(filesystems.take_log(), ElementsAre("hook freeze", "frozen", "thawed", "hook thaw"));
}

TEST_F(FreezeTest, ThawsButDoesNotCountFilesystemsFrozenByOthers) {
  filesystems["/a"].frozen = 1;
  EXPECT_EQ(freeze_list({"/a", "/c"}), 1);
  EXPECT_EQ(freeze().thaw(), 2);
  EXPECT_EQ(filesystems.frozen("/a"), 0);
}

TEST_F(FreezeTest, RejectsASecondFreeze) {
  EXPECT_EQ(freeze_list({"/a"}), 1);
  const auto again = freeze_list({"/c"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "filesystems are frozen already");
  EXPECT_EQ(filesystems.frozen("/c"), 0);
}

TEST_F(FreezeTest, HasAStateFileWhileFrozen) {
  EXPECT_EQ(freeze_list({"/a"}), 1);
  EXPECT_TRUE(has_state_file());
  EXPECT_EQ(freeze().thaw(), 1);
  EXPECT_FALSE(has_state_file());
}

TEST_F(FreezeTest, IsFrozenInitiallyIfAnEarlierAgentFroze) {
  inherit_freeze();
  filesystems["/a"].frozen = 1;
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_TRUE(freeze().frozen_since());
  EXPECT_THAT(filesystems.take_log(), IsEmpty());
  EXPECT_EQ(freeze().thaw(), 1);
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_FALSE(has_state_file());
  EXPECT_THAT(filesystems.take_log(), ElementsAre("thaw /a", "thawed", "hook thaw"));
}

TEST_F(FreezeTest, KnowsTheOwnerOfTheFreezeOfAnEarlierAgent) {
  inherit_freeze();
  inherited->owner = "t";
  inherited->limit = 1h;
  inherited->deadline = platform::boot_time() + 1h;
  filesystems["/a"].frozen = 1;
  EXPECT_TRUE(freeze().status("t").is_owner);
  EXPECT_GT(freeze().status().remaining, 0ms);
  EXPECT_LE(freeze().status().remaining, 1h);
  EXPECT_EQ(freeze().thaw({.token = "t"}), 1);
}

TEST_F(FreezeTest, KnowsTheOwnerOfAFreezeThatEndedWhileNoAgentRan) {
  std::ofstream(notice()) << platform::format_freeze_notice({.text = "it ended", .owner = "t"});
  const auto thawed = freeze().thaw({.token = "t"});
  ASSERT_FALSE(thawed);
  EXPECT_EQ(thawed.error().message, "it ended");
  EXPECT_EQ(freeze().thaw(), 0);  // its owner knows
}

TEST_F(FreezeTest, FreezesNothingWithoutAGuard) {
  filesystems.guard_error = "no process";
  const auto frozen = freeze_list({"/a"});
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().message, "no process");
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_EQ(filesystems.frozen("/a"), 0);
  EXPECT_THAT(filesystems.take_log(), ElementsAre("hook freeze", "hook thaw"));
}

TEST_F(FreezeTest, OwesTheThawHooksFromTheFreezeHooksOn) {
  options.hook = [this](std::string_view action, const std::stop_token&) -> Result<void> {
    EXPECT_TRUE(std::filesystem::exists(owed_hooks())) << action;
    return {};
  };
  EXPECT_EQ(freeze_list({"/a"}), 1);
  EXPECT_TRUE(std::filesystem::exists(owed_hooks()));
  EXPECT_EQ(freeze().thaw(), 1);
  EXPECT_FALSE(std::filesystem::exists(owed_hooks()));
}

TEST_F(FreezeTest, RunsNoHookIfItCannotRememberIt) {
  std::filesystem::create_directory(owed_hooks());
  const auto frozen = freeze_list({"/a"});
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().message,
            "cannot read " + owed_hooks().string() + ": it is not a regular file");
  EXPECT_THAT(filesystems.take_log(), IsEmpty());
}

TEST_F(FreezeTest, ThawsEverythingAfterAnError) {
  filesystems["/a"].freeze_error = "failed to freeze /a: no";
  const auto frozen = freeze_list({"/c", "/a", "/"});
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().message, "failed to freeze /a: no");
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_FALSE(has_state_file());
  EXPECT_THAT(filesystems.take_log(),
              ElementsAre("hook freeze", "frozen", "freeze /c", "thaw /c", "thawed", "hook thaw"));
}

TEST_F(FreezeTest, FreezesNothingWhenAMountpointCannotBeOpened) {
  filesystems["/a"].open_error = "no";
  const auto frozen = freeze_list({"/c", "/a"});
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().message, "failed to open /a: no");
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_THAT(filesystems.take_log(), ElementsAre("hook freeze", "hook thaw"));
}

TEST_F(FreezeTest, WarnsAboutAFilesystemCoveredByAnother) {
  filesystems["/a"].covered = true;
  EXPECT_EQ(freeze_list({"/c", "/a"}), 1);
  EXPECT_THAT(filesystems.take_log(),
              ElementsAre("hook freeze",
                          "warning: the filesystem at '/a' is not frozen: another one is mounted "
                          "over it",
                          "frozen", "freeze /c"));
}

TEST_F(FreezeTest, SkipsReadOnlyFilesystems) {
  filesystems["/a"].read_only = true;
  EXPECT_EQ(freeze().freeze(std::nullopt), 3);
  EXPECT_EQ(filesystems.frozen("/a"), 0);
  EXPECT_EQ(freeze().thaw(), 3);
  EXPECT_EQ(freeze_list({"/a"}), 0);
}

TEST_F(FreezeTest, ThawsReadOnlyFilesystemsFrozenByOthers) {
  filesystems["/a"].read_only = true;
  filesystems["/a"].frozen = 1;
  EXPECT_EQ(freeze().thaw(), 1);
}

TEST_F(FreezeTest, IgnoresAFilesystemThatIsUnmountedDuringTheFreeze) {
  filesystems["/a"].open_error = "No such file or directory";
  filesystems.lists_until_unmount = 1;
  EXPECT_EQ(freeze_list({"/", "/a", "/c"}), 2);
  EXPECT_TRUE(freeze().is_frozen());
}

TEST_F(FreezeTest, AFailingHookPreventsTheFreeze) {
  hook_fails_on = "freeze";
  const auto frozen = freeze_list({"/c"});
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().message, "hook failed");
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_THAT(filesystems.take_log(), ElementsAre("hook freeze"));
}

TEST_F(FreezeTest, RunsTheThawHookWhenTheMountsCannotBeRead) {
  filesystems.table_error = "no table";
  const auto frozen = freeze().freeze(std::nullopt);
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().message, "no table");
  EXPECT_THAT(filesystems.take_log(), ElementsAre("hook freeze", "hook thaw"));
}

TEST_F(FreezeTest, ThawsFilesystemsFrozenByOthersWhileThawed) {
  filesystems["/a"].frozen = 2;
  EXPECT_EQ(freeze().thaw(), 1);
  EXPECT_EQ(filesystems.frozen("/a"), 0);
  EXPECT_THAT(filesystems.take_log(), ElementsAre("thaw /a", "hook thaw"));
  EXPECT_EQ(freeze().thaw(), 0);
}

TEST_F(FreezeTest, ThawsAFilesystemThatHasBecomeHidden) {
  EXPECT_EQ(freeze_list({"/c"}), 1);
  filesystems["/c"].open_error = "No such file or directory";
  EXPECT_EQ(freeze().thaw(), 1);
  EXPECT_EQ(filesystems.frozen("/c"), 0);
}

TEST_F(FreezeTest, ThawsEverythingThoughTheThawHookFails) {
  hook_fails_on = "thaw";
  EXPECT_EQ(freeze_list({"/c"}), 1);
  const auto thawed = freeze().thaw();
  ASSERT_FALSE(thawed);
  EXPECT_EQ(thawed.error().message, "hook failed");
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_EQ(filesystems.frozen("/c"), 0);
}

TEST_F(FreezeTest, StaysFrozenUntilEveryFilesystemThaws) {
  EXPECT_EQ(freeze_list({"/a", "/c"}), 2);
  filesystems["/a"].thaw_error = "failed to thaw /a: Input/output error";
  filesystems.take_log();
  const auto thawed = freeze().thaw();
  ASSERT_FALSE(thawed);
  EXPECT_EQ(thawed.error().message, "failed to thaw /a: Input/output error");
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_TRUE(has_state_file());
  EXPECT_THAT(filesystems.take_log(),
              ElementsAre("thaw /c", "warning: failed to thaw /a: Input/output error"));
  filesystems["/a"].thaw_error.clear();
  EXPECT_EQ(freeze().thaw(), 1);
  EXPECT_FALSE(freeze().is_frozen());
}

TEST_F(FreezeTest, StaysFrozenUntilAnInheritedFreezeThaws) {
  inherit_freeze();
  filesystems["/a"].thaw_error = "failed to thaw /a: Operation not permitted";
  EXPECT_FALSE(freeze().thaw());
  EXPECT_TRUE(freeze().is_frozen());
}

TEST_F(FreezeTest, IgnoresThawErrorsOfOtherFilesystems) {
  filesystems["/a"].thaw_error = "failed to thaw /a: Operation not permitted";
  EXPECT_EQ(freeze().thaw(), 0);
  EXPECT_EQ(freeze_list({"/c"}), 1);
  EXPECT_EQ(freeze().thaw(), 1);
}

TEST_F(ConcurrentFreezeTest, AThawStopsAHookThatHangs) {
  barrier.open();
  options.hook = [&](std::string_view action, const std::stop_token& stop) -> Result<void> {
    filesystems.add_log("hook " + std::string(action));
    if (action == "thaw") return {};
    Barrier stopped;
    const std::stop_callback on_stop(stop, [&] { stopped.open(); });
    barrier.pass();
    stopped.pass();
    return std::unexpected(
        Error{.message = "stopped", .system = std::make_error_code(std::errc::operation_canceled)});
  };
  freeze_on_thread({"/c"});
  barrier.await_thread();
  EXPECT_EQ(freeze().thaw(), 0);
  EXPECT_FALSE(frozen());
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_THAT(filesystems.take_log(), ElementsAre("hook freeze", "hook thaw"));
}

TEST_F(ConcurrentFreezeTest, AThawDoesNotWaitForAFilesystemThatHangs) {
  options.reply_timeout = 20ms;
  filesystems["/a"].freeze_barrier = &barrier;
  freeze_on_thread({"/a", "/c"});
  barrier.await_thread();
  EXPECT_EQ(filesystems.frozen("/c"), 1);

  const auto early = freeze().thaw();
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().message, "the thaw goes on: '/a' does not answer; call again");
  EXPECT_TRUE(freeze().is_frozen());

  barrier.open();
  const auto aborted = frozen();
  ASSERT_FALSE(aborted);
  EXPECT_EQ(aborted.error().message,
            "the freeze was given up: guest-fsfreeze-thaw was called meanwhile");
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_EQ(filesystems.frozen("/a"), 0);
  EXPECT_EQ(filesystems.frozen("/c"), 0);
}

TEST_F(ConcurrentFreezeTest, AThawDoesNotWaitForAHookThatHangs) {
  options.reply_timeout = 20ms;
  options.hook = [&](std::string_view action, const std::stop_token&) -> Result<void> {
    if (action == "thaw") barrier.pass();
    return {};
  };
  EXPECT_EQ(freeze_list({"/a", "/c"}), 2);
  EXPECT_EQ(thaw(), 2);
  EXPECT_FALSE(freeze().is_frozen());
  barrier.open();
}

TEST_F(ConcurrentFreezeTest, AThawDoesNotWaitForOtherFilesystemsThatHang) {
  options.reply_timeout = 20ms;
  filesystems["/"].thaw_barrier = &barrier;
  EXPECT_EQ(freeze_list({"/a"}), 1);
  EXPECT_EQ(thaw(), 1);
  EXPECT_FALSE(freeze().is_frozen());
  barrier.open();
}

TEST_F(ConcurrentFreezeTest, StopEndsAHookThatHangs) {
  options.hook = [&](std::string_view, const std::stop_token& stop) -> Result<void> {
    Barrier stopped;
    const std::stop_callback on_stop(stop, [&] { stopped.open(); });
    barrier.pass();
    stopped.pass();
    return std::unexpected(Error{.message = "stopped"});
  };
  barrier.open();
  freeze_on_thread({"/c"});
  barrier.await_thread();
  EXPECT_TRUE(freeze().stop(1min));
  EXPECT_FALSE(frozen());
}

TEST_F(ConcurrentFreezeTest, StopAbortsAFreeze) {
  filesystems["/a"].freeze_barrier = &barrier;
  freeze_on_thread({"/a"});
  barrier.await_thread();
  EXPECT_FALSE(freeze().stop(0ms));
  barrier.open();
  const auto aborted = frozen();
  ASSERT_FALSE(aborted);
  EXPECT_EQ(aborted.error().message, "the freeze was given up: the agent is about to end");
  EXPECT_TRUE(freeze().stop(0ms));
}

TEST_F(ConcurrentFreezeTest, StopDoesNotWaitForADiskThatHangs) {
  options.reply_timeout = 0ms;
  filesystems["/"].thaw_barrier = &barrier;
  std::ignore = freeze().thaw();
  barrier.await_thread();
  EXPECT_FALSE(freeze().stop(0ms));
  barrier.open();
  EXPECT_TRUE(freeze().stop(1min));
}

TEST_F(ConcurrentFreezeTest, AFreezeWaitsForTheEarlierThaw) {
  options.reply_timeout = 20ms;
  options.hook = [&](std::string_view action, const std::stop_token&) -> Result<void> {
    if (action == "thaw") barrier.pass();
    filesystems.add_log("hook " + std::string(action) + " ends");
    return {};
  };
  EXPECT_EQ(freeze_list({"/a"}), 1);
  EXPECT_EQ(thaw(), 1);
  filesystems.take_log();
  freeze_on_thread({"/a"});
  barrier.open();
  EXPECT_EQ(frozen(), 1);
  EXPECT_THAT(filesystems.take_log(),
              ElementsAre("hook thaw ends", "hook freeze ends", "frozen", "freeze /a"));
  EXPECT_EQ(thaw(), 1);
}

}  // namespace
}  // namespace bellhop::state
