// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/local_filesystems.h"

#include <gtest/gtest.h>

#include "unit/emulated.h"

// These tests freeze nothing. tests/conformance/freeze_*test.py create filesystems and freeze them.

namespace bellhop::platform {
namespace {

TEST(Filesystems, OmitsFilesystemsWithoutADisk) {
  const auto all = system_filesystems()->list();
  ASSERT_TRUE(all);
  for (const auto& one : *all) {
    EXPECT_NE(one.mountpoint, "/proc");
    EXPECT_NE(one.mountpoint, "/sys");
  }
}

TEST(Filesystems, OpensTheFilesystemsThatItLists) {
  const auto filesystems = system_filesystems();
  const auto all = filesystems->list();
  ASSERT_TRUE(all);
  int opened = 0;
  for (const auto& one : *all) {
    ASSERT_FALSE(one.places.empty());
    EXPECT_EQ(one.places.front().path, one.mountpoint);
    const auto filesystem = filesystems->open(one);
    if (filesystem && *filesystem) ++opened;
  }
  if (all->empty()) GTEST_SKIP() << "no filesystem here has a disk";
  if (is_emulated()) GTEST_SKIP() << "the emulator does not report mount ids";
  EXPECT_GT(opened, 0);
}

TEST(Filesystems, ReportsWhyOneCannotBeOpened) {
  const auto filesystem = system_filesystems()->open(
      {.mountpoint = "/nonexistent", .places = {{.path = "/nonexistent", .mount = 1}}});
  ASSERT_FALSE(filesystem);
  EXPECT_EQ(filesystem.error().message, "failed to open /nonexistent: No such file or directory");
}

TEST(Filesystems, DoesNotOpenAFilesystemThatCoversAnother) {
  constexpr std::uint64_t no_mount = ~std::uint64_t{0};
  const auto filesystem =
      system_filesystems()->open({.mountpoint = "/", .places = {{.path = "/", .mount = no_mount}}});
  ASSERT_TRUE(filesystem);
  EXPECT_EQ(*filesystem, nullptr) << "the kernel reports no mount ids; Linux 5.8 and newer do";
}

}  // namespace
}  // namespace bellhop::platform
