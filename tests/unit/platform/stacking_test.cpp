#include "platform/linux/stacking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

// A sysfs in which a test makes the block devices that it is about.
class Stacking : public ::testing::Test {
 protected:
  // A block device and its entry in dev/block; below another device when it is a partition.
  fs::path add_device(const std::string& name, const std::string& number) {
    const fs::path folder = sys() / "devices/block" / name;
    write(folder / "dev", number);
    link(folder, sys() / "dev/block" / number);
    return folder;
  }
  void add_partition(const std::string& disk, const std::string& name, const std::string& number) {
    const fs::path folder = add_device(disk + "/" + name, number);
    write(folder / "partition", "1");
  }
  void add_loop(const std::string& name, const std::string& number, const std::string& file) {
    write(add_device(name, number) / "loop/backing_file", file);
  }
  // A device of device mapper or md that is made of others.
  void add_stacked(const std::string& name, const std::string& number,
                   const std::vector<std::string>& parts) {
    const fs::path folder = add_device(name, number);
    for (const std::string& part : parts) {
      link(sys() / "devices/block" / part, folder / "slaves" / fs::path(part).filename());
    }
  }
  void add_btrfs(const std::string& uuid, const std::vector<std::string>& disks) {
    for (const std::string& disk : disks) {
      link(sys() / "devices/block" / disk, sys() / "fs/btrfs" / uuid / "devices" / disk);
    }
  }

  // Filesystems in the order of mounting.
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
    for (const auto& one : sort_by_stacking(mounted_, sys())) {
      mountpoints.push_back(one.mounted.mountpoint);
    }
    return mountpoints;
  }

 private:
  fs::path sys() const { return directory_.path(); }
  static void write(const fs::path& path, const std::string& line) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << line << '\n';
  }
  static void link(const fs::path& target, const fs::path& path) {
    fs::create_directories(path.parent_path());
    fs::create_directory_symlink(target, path);
  }

  TemporaryDirectory directory_;
  std::vector<DiskFilesystem> mounted_;
};

TEST_F(Stacking, KeepsTheOrderOfMountingOtherwise) {
  mount("/", 8, 1);
  mount("/b", 8, 3);
  mount("/a", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/", "/b", "/a"));
}

TEST_F(Stacking, PutsAFilesystemAfterTheOneThatItsFileLiesOn) {
  add_loop("loop0", "7:0", "/data/images/a");
  mount("/a", 7, 0);
  mount("/b", 8, 3);
  mount("/data", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/a", "/b"));
}

TEST_F(Stacking, FollowsFilesInFilesInFiles) {
  add_loop("loop0", "7:0", "/b/image");
  add_loop("loop1", "7:1", "/c/image");
  mount("/a", 7, 0);
  mount("/b", 7, 1);
  mount("/c", 8, 1);
  EXPECT_THAT(sorted(), ElementsAre("/c", "/b", "/a"));
}

TEST_F(Stacking, FindsTheFileByAnyMountOfItsFilesystem) {
  add_loop("loop0", "7:0", "/bind/image");
  mount("/a", 7, 0);
  mount("/data", 8, 2);
  bind("/bind");
  mount("/", 8, 1);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/a", "/"));
}

TEST_F(Stacking, FindsTheFileOnTheRootFilesystem) {
  add_loop("loop0", "7:0", "/image");
  mount("/a", 7, 0);
  mount("/", 8, 1);
  EXPECT_THAT(sorted(), ElementsAre("/", "/a"));
}

TEST_F(Stacking, FollowsPartitions) {
  add_loop("loop0", "7:0", "/data/disk");
  add_partition("loop0", "loop0p1", "259:0");
  mount("/a", 259, 0);
  mount("/data", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/a"));
}

TEST_F(Stacking, FollowsDeviceMapperAndMd) {
  add_loop("loop0", "7:0", "/data/disk0");
  add_loop("loop1", "7:1", "/more/disk1");
  add_stacked("md0", "9:0", {"loop0", "loop1"});
  add_stacked("dm-0", "253:0", {"md0"});
  mount("/a", 253, 0);
  mount("/data", 8, 2);
  mount("/more", 8, 3);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/more", "/a"));
}

TEST_F(Stacking, FollowsAllDisksOfABtrfs) {
  add_loop("loop0", "7:0", "/data/disk0");
  add_loop("loop1", "7:1", "/more/disk1");
  add_btrfs("uuid", {"loop0", "loop1"});
  mount("/a", 0, 40, "/dev/loop0");
  mount("/data", 8, 2);
  mount("/more", 8, 3);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/more", "/a"));
}

TEST_F(Stacking, CopesWithABtrfsWhoseDisksAreNotKnown) {
  mount("/a", 0, 40, "/dev/root");
  mount("/b", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/a", "/b"));
}

TEST_F(Stacking, CopesWithDevicesThatAreGone) {
  add_stacked("dm-0", "253:0", {"gone"});
  mount("/a", 253, 0);
  mount("/b", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/a", "/b"));
}

TEST_F(Stacking, CopesWithAFilesystemMountedOverTheFolderOfItsOwnFile) {
  add_loop("loop0", "7:0", "/data/image");
  mount("/data", 8, 2);
  mount("/data", 7, 0);
  mount("/c", 8, 3);
  EXPECT_THAT(sorted(), ElementsAre("/data", "/data", "/c"));
}

TEST_F(Stacking, CopesWithARootThatLiesInAFileOfAnother) {
  add_loop("loop0", "7:0", "/host/disk");
  mount("/", 7, 0);
  mount("/host", 8, 2);
  EXPECT_THAT(sorted(), ElementsAre("/host", "/"));
}

TEST_F(Stacking, CopesWithACircle) {
  add_loop("loop0", "7:0", "/b/image");
  add_loop("loop1", "7:1", "/a/image");
  mount("/a", 7, 0);
  mount("/b", 7, 1);
  mount("/c", 8, 1);
  EXPECT_EQ(sorted().size(), 3U);
}

TEST_F(Stacking, IsLinearInDeepAndWideStacks) {
  // 50 filesystems on one device made of 50 parts: each is looked at once.
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
