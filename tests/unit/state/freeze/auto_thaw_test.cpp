// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "unit/state/freeze/freeze_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Barrier;
using bellhop::testing::ConcurrentFreezeTest;
using ::testing::MatchesRegex;

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
    std::ofstream(options.state_file).flush();
    filesystems["/a"].frozen = 1;
    freeze().arm_timeout();
    thawed_.pass();
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
  EXPECT_FALSE(freeze_list({"/nonexistent"}).value_or(1));
  EXPECT_EQ(freeze().thaw(), 0);
}

TEST_F(AutoThawTest, IsReportedByTheNextAgent) {
  options.notice_file = directory / "note";
  inherit_a_freeze();
  end_agent();
  ASSERT_TRUE(std::filesystem::exists(options.notice_file));
  const auto first = freeze().thaw();
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().message, MatchesRegex(notice_pattern));
  EXPECT_FALSE(std::filesystem::exists(options.notice_file));
  EXPECT_EQ(freeze().thaw(), 0);
}

TEST_F(AutoThawTest, AbortsAFreezeThatHangs) {
  filesystems["/a"].freeze_barrier = &barrier;
  freeze_on_thread({"/a", "/c"});
  barrier.await_thread();
  while (filesystems.frozen("/c") > 0) std::this_thread::yield();
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
  std::ofstream(options.state_file).flush();
  freeze().arm_timeout();
  for (int i = 0; i < 5; ++i) await_warning("failed to thaw /a: Input/output error");
  EXPECT_TRUE(freeze().is_frozen());
}

TEST_F(AutoThawTest, IsDisabledByATimeoutOfZero) {
  options.timeout = 0ms;
  EXPECT_EQ(freeze_list({"/a"}), 1);
  freeze().arm_timeout();
  EXPECT_TRUE(freeze().is_frozen());
  EXPECT_EQ(freeze().thaw(), 1);
}

}  // namespace
}  // namespace bellhop::state
