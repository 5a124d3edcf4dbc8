// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/filesystem_size.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "unit/emulated.h"

namespace bellhop::platform {
namespace {

// What is mounted at the root of this process.
MountPlace root() {
  struct statx facts{};
  EXPECT_EQ(::statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &facts), 0);
  return {.path = "/",
          .mount = facts.stx_mnt_id,
          .device_major = facts.stx_dev_major,
          .device_minor = facts.stx_dev_minor};
}

TEST(FilesystemSize, IsThatOfTheSystem) {
  const auto size = filesystem_size(root());
  ASSERT_TRUE(size);
  EXPECT_GT(size->total_bytes, 0U);
  EXPECT_LE(size->total_bytes, size->total_bytes_privileged);
  EXPECT_LE(size->used_bytes, size->total_bytes);
}

TEST(FilesystemSize, IsMissingIfThePathLeadsToAnotherFilesystem) {
  if (is_emulated()) GTEST_SKIP() << "the emulator does not report mount ids";
  MountPlace place = root();
  place.path = "/proc";
  EXPECT_FALSE(filesystem_size(place));
}

TEST(FilesystemSize, IsMissingForAMissingPath) {
  EXPECT_FALSE(filesystem_size({.path = "/nonexistent"}));
}

}  // namespace
}  // namespace bellhop::platform
