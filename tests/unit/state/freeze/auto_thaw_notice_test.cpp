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
  notice.set("x");
  EXPECT_EQ(notice.text(), "x");
  EXPECT_EQ(notice.consume(), "x");
  EXPECT_FALSE(notice.consume());
}

TEST(AutoThawNotice, KeepsTheFirstText) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory.path());
  notice.set("x");
  notice.set("y");
  EXPECT_EQ(notice.consume(), "x");
}

TEST(AutoThawNotice, WritesTheFileWhenItIsPersisted) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory.path());
  notice.set("x");
  EXPECT_FALSE(std::filesystem::exists(directory / "bellhop.freeze-ended"));
  EXPECT_TRUE(notice.persist());
  EXPECT_EQ(directory.content("bellhop.freeze-ended"), "x\n");
}

TEST(AutoThawNotice, OutlivesTheAgentUntilItIsConsumed) {
  const TemporaryDirectory directory;
  {
    AutoThawNotice notice(directory.path());
    notice.set("x");
    EXPECT_TRUE(notice.persist());
  }
  EXPECT_EQ(AutoThawNotice(directory.path()).consume(), "x");
  EXPECT_FALSE(AutoThawNotice(directory.path()).consume());
}

TEST(AutoThawNotice, IsNotPersistedAfterItWasConsumed) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory.path());
  notice.set("x");
  notice.consume();
  EXPECT_TRUE(notice.persist());
  EXPECT_FALSE(std::filesystem::exists(directory / "bellhop.freeze-ended"));
}

TEST(AutoThawNotice, IgnoresWhatIsNotAFile) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "bellhop.freeze-ended").c_str(), 0600), 0);
  EXPECT_FALSE(AutoThawNotice(directory.path()).text());
}

}  // namespace
}  // namespace bellhop::state
