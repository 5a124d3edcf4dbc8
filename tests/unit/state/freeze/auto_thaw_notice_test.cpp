// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/auto_thaw_notice.h"

#include <gtest/gtest.h>

#include "unit/temporary_directory.h"

namespace bellhop::state {
namespace {

TEST(AutoThawNotice, IsConsumedOnce) {
  AutoThawNotice notice({});
  EXPECT_FALSE(notice.consume());
  notice.set("x");
  EXPECT_EQ(notice.text(), "x");
  EXPECT_EQ(notice.consume(), "x");
  EXPECT_FALSE(notice.consume());
}

TEST(AutoThawNotice, KeepsTheFirstText) {
  AutoThawNotice notice({});
  notice.set("x");
  notice.set("y");
  EXPECT_EQ(notice.consume(), "x");
}

TEST(AutoThawNotice, WritesTheFileWhenItIsPersisted) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory / "note");
  notice.set("x");
  EXPECT_FALSE(std::filesystem::exists(directory / "note"));
  notice.persist();
  EXPECT_EQ(directory.content("note"), "x\n");
}

TEST(AutoThawNotice, OutlivesTheAgentUntilItIsConsumed) {
  const TemporaryDirectory directory;
  {
    AutoThawNotice notice(directory / "note");
    notice.set("x");
    notice.persist();
  }
  EXPECT_EQ(AutoThawNotice(directory / "note").consume(), "x");
  EXPECT_FALSE(AutoThawNotice(directory / "note").consume());
}

TEST(AutoThawNotice, IsNotPersistedAfterItWasConsumed) {
  const TemporaryDirectory directory;
  AutoThawNotice notice(directory / "note");
  notice.set("x");
  notice.consume();
  notice.persist();
  EXPECT_FALSE(std::filesystem::exists(directory / "note"));
}

}  // namespace
}  // namespace bellhop::state
