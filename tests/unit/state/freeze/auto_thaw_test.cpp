// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "platform/machine/boot_id.h"
#include "unit/state/freeze/freeze_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Barrier;
using bellhop::testing::ConcurrentFreezeTest;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

using namespace std::chrono_literals;

class AutoThawTest : public ConcurrentFreezeTest {
 protected:
  AutoThawTest() {
    options.timeout = 1ms;
    options.retry_interval = 1ms;
    options.on_change = [this](bool frozen) {
      filesystems.add_log(frozen ? "frozen" : "thawed");
      if (!frozen) thawed_.open();
    };
  }
  // The agent starts with the freeze of an earlier agent, which ends by auto-thaw.
  void inherit_a_freeze() {
    filesystems["/a"].frozen = 1;
    inherit_freeze();
    freeze();
    thawed_.pass();
    while (!freeze().is_idle()) std::this_thread::yield();
  }
  void await_warning(const std::string& text) {
    const std::string line = "warning: " + text;
    for (auto log = filesystems.take_log(); std::ranges::find(log, line) == log.end();
         log = filesystems.take_log()) {
      std::this_thread::yield();
    }
  }
  static constexpr auto notice_pattern =
      "the freeze that began at 20..-..-..T..:..:..Z ended by itself at 20..-..-..T..:..:..Z, at "
      "the limit of 0.001 s: what was copied after that may be inconsistent";

 private:
  Barrier thawed_;
};

TEST_F(AutoThawTest, EndsAnInheritedFreeze) {
  inherit_a_freeze();
  EXPECT_FALSE(freeze().is_frozen());
  EXPECT_FALSE(has_state_file());
  EXPECT_EQ(filesystems.frozen("/a"), 0);
}

TEST_F(AutoThawTest, IsReportedByTheNextThawOnce) {
  inherit_a_freeze();
  const auto first = freeze().thaw();
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().message, MatchesRegex(notice_pattern));
  EXPECT_EQ(freeze().thaw(), 0);
}

TEST_F(AutoThawTest, IsNotReportedAfterANewFreeze) {
  inherit_a_freeze();
  EXPECT_FALSE(freeze_list({"/proc"}).value_or(1));
  EXPECT_EQ(freeze().thaw(), 0);
}

// Its own limit may pass, here after 1 ms, but not before its first filesystem.
TEST_F(AutoThawTest, DoesNotAbortTheNextFreeze) {
  inherit_a_freeze();
  const auto next = freeze_list({"/a"});
  if (!next) {
    EXPECT_THAT(next.error().message, Not(HasSubstr("'' does not answer")));
  }
}

TEST_F(AutoThawTest, IsReportedByTheNextAgent) {
  inherit_a_freeze();
  end_agent();
  ASSERT_TRUE(std::filesystem::exists(notice()));
  const auto first = freeze().thaw();
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().message, MatchesRegex(notice_pattern));
  EXPECT_FALSE(std::filesystem::exists(notice()));
  EXPECT_EQ(freeze().thaw(), 0);
}

TEST_F(AutoThawTest, AbortsAFreezeThatHangs) {
  filesystems["/a"].freeze_barrier = &barrier;
  freeze_on_thread({"/a", "/c"});
  barrier.await_thread();
  while (filesystems.frozen("/c") > 0) std::this_thread::yield();
  while (!filesystems.guard()->is_read()) std::this_thread::yield();
  barrier.open();
  const auto aborted = frozen();
  ASSERT_FALSE(aborted);
  EXPECT_EQ(aborted.error().message,
            "the freeze was given up: it was not done after 0.001 s, '/a' does not answer");
  EXPECT_TRUE(thaw());  // no notice: the freeze has returned the error
  EXPECT_FALSE(freeze().is_frozen());
}

TEST_F(AutoThawTest, RetriesWhenAFilesystemDoesNotThaw) {
  filesystems["/a"].thaw_error = "failed to thaw /a: Input/output error";
  inherit_freeze();
  freeze();
  for (int i = 0; i < 5; ++i) await_warning("failed to thaw /a: Input/output error");
  EXPECT_TRUE(freeze().is_frozen());
}

TEST_F(AutoThawTest, IsDisabledByATimeoutOfZero) {
  options.timeout = 0ms;
  EXPECT_EQ(freeze_list({"/a"}), 1);
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(freeze().thaw(), 1);
}

TEST_F(AutoThawTest, HappensWhileNoAgentRuns) {
  options.timeout = 20ms;
  EXPECT_EQ(freeze_list({"/a"}), 1);
  end_agent();
  while (has_state_file()) std::this_thread::yield();
  EXPECT_EQ(filesystems.frozen("/a"), 0);
}

TEST_F(AutoThawTest, ReplacesAGuardThatIsGone) {
  options.timeout = 0ms;
  EXPECT_EQ(freeze_list({"/a"}), 1);
  const auto first = filesystems.guard();
  first->kill();
  await_warning("the guard of the freeze was gone; there is a new one");
  EXPECT_NE(filesystems.guard(), first);
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(freeze().thaw(), 1);
}

TEST_F(AutoThawTest, ThawsAtOnceIfTheGuardCannotBeReplaced) {
  options.timeout = 0ms;
  EXPECT_EQ(freeze_list({"/a", "/c"}), 2);
  filesystems.guard_error = "no process";
  filesystems.guard()->kill();
  while (freeze().is_frozen() || !freeze().is_idle()) std::this_thread::yield();
  EXPECT_EQ(filesystems.frozen("/a"), 0);
  EXPECT_EQ(filesystems.frozen("/c"), 0);
  EXPECT_FALSE(has_state_file());
  const auto thawed = freeze().thaw();
  ASSERT_FALSE(thawed);
  EXPECT_THAT(thawed.error().message, ::testing::HasSubstr("because it had no guard"));
}

TEST_F(AutoThawTest, AbortsAFreezeWhoseGuardIsGone) {
  options.timeout = 0ms;
  filesystems["/a"].freeze_barrier = &barrier;
  freeze_on_thread({"/a", "/c"});
  barrier.await_thread();
  filesystems.guard()->kill();
  while (filesystems.frozen("/c") > 0) std::this_thread::yield();
  barrier.open();
  const auto aborted = frozen();
  ASSERT_FALSE(aborted);
  EXPECT_EQ(aborted.error().message, "the freeze was given up: its guard has ended");
  while (!freeze().is_idle()) std::this_thread::yield();
  EXPECT_EQ(filesystems.frozen("/a"), 0);
  EXPECT_TRUE(freeze().thaw());
}

TEST_F(AutoThawTest, RunsTheThawHooksThatAnEarlierAgentOwed) {
  options.timeout = 0ms;
  std::ofstream(owed_hooks()) << platform::boot_id() << '\n';
  freeze().start();
  while (!freeze().is_idle()) std::this_thread::yield();
  EXPECT_FALSE(freeze().runs_owed_hooks());
  EXPECT_THAT(filesystems.take_log(),
              ::testing::ElementsAre(
                  "warning: the agent before this one did not run the thaw hooks: they run now",
                  "hook thaw"));
  EXPECT_FALSE(std::filesystem::exists(owed_hooks()));
}

TEST_F(AutoThawTest, OwesNothingAfterARestartOfTheSystem) {
  std::ofstream(owed_hooks()) << "00000000-0000-0000-0000-000000000000\n";
  freeze().start();
  EXPECT_TRUE(freeze().is_idle());
  EXPECT_TRUE(filesystems.take_log().empty());
}

}  // namespace
}  // namespace bellhop::state
