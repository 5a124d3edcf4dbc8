// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/auto_thaw_notice.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unit/temporary_directory.h"

namespace bellhop::state {
namespace {

TEST(AutoThawNotice, IsConsumedOnce) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory.path());
  EXPECT_FALSE(notice.consume());
  notice.set({"x"});
  EXPECT_EQ(notice.notice()->text, "x");
  EXPECT_EQ(notice.consume(), "x");
  EXPECT_FALSE(notice.consume());
}

TEST(AutoThawNotice, KeepsTheFirstText) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory.path());
  notice.set({"x"});
  notice.set({"y"});
  EXPECT_EQ(notice.consume(), "x");
}

TEST(AutoThawNotice, WritesTheFileWhenItIsPersisted) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory.path());
  notice.set({"x"});
  EXPECT_FALSE(std::filesystem::exists(directory / "bellhop.freeze-ended"));
  EXPECT_TRUE(notice.persist());
  EXPECT_EQ(directory.content("bellhop.freeze-ended"), "x\n");
}

TEST(AutoThawNotice, OutlivesTheAgentUntilItIsConsumed) {
  const TemporaryDirectory directory;
  {
    AutoThawNotice notice(directory.path());
    notice.set({"x"});
    EXPECT_TRUE(notice.persist());
  }
  EXPECT_EQ(AutoThawNotice(directory.path()).consume(), "x");
  EXPECT_FALSE(AutoThawNotice(directory.path()).consume());
}

TEST(AutoThawNotice, KeepsTheOwner) {
  const TemporaryDirectory directory;
  const std::chrono::system_clock::time_point noon{std::chrono::hours(12)};
  {
    AutoThawNotice notice(directory.path());
    notice.set({.text = "x", .owner = "t", .ended = noon});
    EXPECT_TRUE(notice.persist());
  }
  const auto notice = AutoThawNotice(directory.path()).notice();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->text, "x");
  EXPECT_EQ(notice->owner, "t");
  EXPECT_EQ(notice->ended, noon);
}

TEST(AutoThawNotice, IsNotPersistedAfterItWasConsumed) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory.path());
  notice.set({"x"});
  notice.consume();
  EXPECT_TRUE(notice.persist());
  EXPECT_FALSE(std::filesystem::exists(directory / "bellhop.freeze-ended"));
}

TEST(AutoThawNotice, IgnoresWhatIsNotAFile) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "bellhop.freeze-ended").c_str(), 0600), 0);
  EXPECT_FALSE(AutoThawNotice(directory.path()).notice());
}

}  // namespace
}  // namespace bellhop::state
