#include "platform/storage/local_filesystems.h"

#include <gtest/gtest.h>

#include "unit/emulated.h"

// Freezing itself is tried on filesystems made for it, by tests/conformance/freeze_*test.py. Here
// nothing is frozen.

namespace bellhop::platform {
namespace {

TEST(Filesystems, LeavesOutThoseWithoutADisk) {
  const auto all = system_filesystems()->list();
  ASSERT_TRUE(all);
  for (const auto& one : *all) {
    EXPECT_NE(one.mountpoint, "/proc");
    EXPECT_NE(one.mountpoint, "/sys");
  }
}

TEST(Filesystems, OpensWhatItLists) {
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
  if (is_emulated()) GTEST_SKIP() << "the emulator does not pass on the number of a mount";
  EXPECT_GT(opened, 0);
}

TEST(Filesystems, SaysWhyOneCannotBeOpened) {
  const auto filesystem = system_filesystems()->open(
      {.mountpoint = "/nonexistent", .places = {{.path = "/nonexistent", .mount = 1}}});
  ASSERT_FALSE(filesystem);
  EXPECT_EQ(filesystem.error().message, "failed to open /nonexistent: No such file or directory");
}

TEST(Filesystems, OpensNoOtherFilesystemThatCoversTheOneThatIsMeant) {
  constexpr std::uint64_t no_mount = ~std::uint64_t{0};
  const auto filesystem =
      system_filesystems()->open({.mountpoint = "/", .places = {{.path = "/", .mount = no_mount}}});
  ASSERT_TRUE(filesystem);
  EXPECT_EQ(*filesystem, nullptr) << "the kernel does not tell mounts apart: Linux 5.8 does";
}

}  // namespace
}  // namespace bellhop::platform
