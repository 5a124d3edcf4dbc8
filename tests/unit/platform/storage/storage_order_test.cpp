// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/storage/storage_order_linux.h"
#include "unit/platform/storage/block_device_tree.h"

namespace bellhop::platform {
namespace {

using ::testing::ElementsAre;

// A fake system with the block devices of the test.
class StorageOrderTest : public ::testing::Test {
 protected:
  void add_loop(const std::string& name, const std::string& number, const std::string& file) {
    tree_.add_device(name, number);
    tree_.add("sys/devices/" + name + "/loop/backing_file: " + file + "\\n");
  }
  void add_stacked(const std::string& name, const std::string& number,
                   const std::vector<std::string>& parts) {
    tree_.add_device(name, number);
    tree_.add_slaves(name, parts);
  }

  // Call in the order of mounting.
  void mount(const std::string& mountpoint, unsigned major, unsigned minor,
             const std::string& source = {}) {
    mounted_.push_back({.mounted = {.mountpoint = mountpoint, .places = {{.path = mountpoint}}},
                        .device_major = major,
                        .device_minor = minor,
                        .source = source});
  }
  void bind(const std::string& mountpoint) {
    mounted_.back().mounted.places.push_back({.path = mountpoint});
  }

  std::vector<std::string> sorted() {
    std::vector<std::string> mountpoints;
    for (const auto& one : sort_by_storage_order(mounted_, tree_.root())) {
      mountpoints.push_back(one.mounted.mountpoint);
    }
    return mountpoints;
  }

  bellhop::testing::BlockDeviceTree tree_;

 private:
  std::vector<DiskFilesystem> mounted_;
};

TEST_F(StorageOrderTest, KeepsTheOrderOfMountingByDefault) {
  mount("/", 8, 1);
  mount("/b", 8, 3);
  mount("/a", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/", "/b", "/a"));
}

TEST_F(StorageOrderTest, PutsAFilesystemAfterTheOneThatContainsItsFile) {
  add_loop("loop0", "7:0", "/data/images/a");
  mount("/a", 7, 0);
  mount("/b", 8, 3);
  mount("/data", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/a", "/b"));
}

TEST_F(StorageOrderTest, FollowsSeveralLevelsOfFiles) {
  add_loop("loop0", "7:0", "/b/image");
  add_loop("loop1", "7:1", "/c/image");
  mount("/a", 7, 0);
  mount("/b", 7, 1);
  mount("/c", 8, 1);
  EXPECT_THAT(sorted(), ElementsAre("/c", "/b", "/a"));
}

TEST_F(StorageOrderTest, FindsTheFileThroughAnyMountOfItsFilesystem) {
  add_loop("loop0", "7:0", "/bind/image");
  mount("/a", 7, 0);
  mount("/data", 8, 2);
  bind("/bind");
  mount("/", 8, 1);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/a", "/"));
}

TEST_F(StorageOrderTest, FindsTheFileOnTheRootFilesystem) {
  add_loop("loop0", "7:0", "/image");
  mount("/a", 7, 0);
  mount("/", 8, 1);
  EXPECT_THAT(sorted(), ElementsAre("/", "/a"));
}

TEST_F(StorageOrderTest, FollowsPartitions) {
  add_loop("loop0", "7:0", "/data/disk");
  tree_.add_partition("loop0/loop0p1", "259:0");
  mount("/a", 259, 0);
  mount("/data", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/a"));
}

TEST_F(StorageOrderTest, FollowsDeviceMapperAndMd) {
  add_loop("loop0", "7:0", "/data/disk0");
  add_loop("loop1", "7:1", "/more/disk1");
  add_stacked("md0", "9:0", {"loop0", "loop1"});
  add_stacked("dm-0", "253:0", {"md0"});
  mount("/a", 253, 0);
  mount("/data", 8, 2);
  mount("/more", 8, 3);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/more", "/a"));
}

TEST_F(StorageOrderTest, FollowsAllDevicesOfABtrfs) {
  add_loop("loop0", "7:0", "/data/disk0");
  add_loop("loop1", "7:1", "/more/disk1");
  tree_.add_btrfs("uuid", {"loop0", "loop1"});
  mount("/a", 0, 40, "/dev/loop0");
  mount("/data", 8, 2);
  mount("/more", 8, 3);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/more", "/a"));
}

TEST_F(StorageOrderTest, HandlesABtrfsWithUnknownDevices) {
  mount("/a", 0, 40, "/dev/root");
  mount("/b", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/a", "/b"));
}

TEST_F(StorageOrderTest, HandlesDevicesThatAreGone) {
  add_stacked("dm-0", "253:0", {"gone"});
  mount("/a", 253, 0);
  mount("/b", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/a", "/b"));
}

TEST_F(StorageOrderTest, HandlesAFilesystemMountedOverTheDirectoryOfItsFile) {
  add_loop("loop0", "7:0", "/data/image");
  mount("/data", 8, 2);
  mount("/data", 7, 0);
  mount("/c", 8, 3);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/data", "/c"));
}

TEST_F(StorageOrderTest, HandlesARootStoredInAFileOnAnotherFilesystem) {
  add_loop("loop0", "7:0", "/host/disk");
  mount("/", 7, 0);
  mount("/host", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/host", "/"));
}

TEST_F(StorageOrderTest, HandlesACycle) {
  add_loop("loop0", "7:0", "/b/image");
  add_loop("loop1", "7:1", "/a/image");
  mount("/a", 7, 0);
  mount("/b", 7, 1);
  mount("/c", 8, 1);
  EXPECT_EQ(sorted().size(), 3U);
}

TEST_F(StorageOrderTest, IsLinearInDeepAndWideStacks) {
  // 50 filesystems on one device with 50 parts; each part is visited once.
  std::vector<std::string> parts;
  for (unsigned i = 0; i < 50; ++i) {
    parts.push_back(fmt::format("loop{}", i));
    add_loop(parts.back(), fmt::format("7:{}", i), "/data/image");
  }
  add_stacked("dm-0", "253:0", parts);
  for (unsigned i = 1; i <= 50; ++i) {
    add_stacked(fmt::format("dm-{}", i), fmt::format("253:{}", i), {"dm-0"});
    mount(fmt::format("/{}", i), 253, i);
  }
  mount("/data", 8, 1);
  EXPECT_EQ(sorted().front(), "/data");
}

}  // namespace
}  // namespace bellhop::platform
