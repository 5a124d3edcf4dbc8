// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/memory_blocks.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "unit/system_tree.h"

namespace bellhop::platform {
namespace {

using Outcome = MemoryBlockChange::Outcome;

class MemoryBlocksTest : public ::testing::Test {
 protected:
  void add(int index, std::string_view state, std::string_view removable = "1\n") {
    tree_.write(path(index) + "/state", state);
    tree_.write(path(index) + "/removable", removable);
  }
  static std::string path(int index) {
    return fmt::format("sys/devices/system/memory/memory{}", index);
  }
  // For example "0+ 1-!": block 0 is online and cannot go offline; block 1 is offline and can.
  std::string all() {
    const auto found = memory_blocks(tree_.path());
    if (!found) return found.error().message;
    std::string text;
    for (const MemoryBlock& block : *found) {
      text += fmt::format("{}{}{}{}", text.empty() ? "" : " ", block.phys_index,
                          block.online ? '+' : '-', block.can_offline ? "!" : "");
    }
    return text;
  }
  void expect_set(std::uint64_t index, bool online, Outcome outcome, int error_number = 0) {
    const auto change = set_memory_block_online(tree_.path(), index, online);
    EXPECT_EQ(change.outcome, outcome);
    EXPECT_EQ(change.error_number, error_number);
  }
  std::string state(int index) { return tree_.content(path(index) + "/state"); }

  testing::SystemTree tree_;
};

TEST_F(MemoryBlocksTest, AreSortedByNumber) {
  for (const int index : {32, 4, 0, 100}) add(index, "online\n");
  EXPECT_EQ(all(), "0+! 4+! 32+! 100+!");
}

TEST_F(MemoryBlocksTest, AreDistinguishedFromOtherEntries) {
  add(3, "offline\n");
  for (const char* name : {"memory", "memory3x", "power", "block_size_bytes"}) {
    tree_.make_directory(std::string("sys/devices/system/memory/") + name);
  }
  EXPECT_EQ(all(), "3-!");
}

TEST_F(MemoryBlocksTest, AreOfflineWhileGoingOffline) {
  add(1, "going-offline\n");
  EXPECT_EQ(all(), "1-!");
}

TEST_F(MemoryBlocksTest, MayBeUnableToGoOffline) {
  add(1, "online\n", "0\n");
  tree_.write(path(2) + "/state", "online\n");  // without the file "removable"
  add(3, "online\n", "");
  EXPECT_EQ(all(), "1+ 2+ 3+");
}

TEST_F(MemoryBlocksTest, AreAlwaysOnlineWithoutAState) {
  tree_.make_directory(path(1));
  EXPECT_EQ(all(), "1+");
  expect_set(1, true, Outcome::success);
  expect_set(1, false, Outcome::not_supported, ENOENT);
}

TEST_F(MemoryBlocksTest, AreOmittedIfTheyVanishOrHaveNoReadableState) {
  add(1, "online\n");
  tree_.link(path(2), "gone");
  add(3, "");
  EXPECT_EQ(all(), "1+!");
}

TEST_F(MemoryBlocksTest, ReportWhyNoneHasAReadableState) {
  add(1, "");
  tree_.link(path(2), "gone");
  EXPECT_EQ(all(), "pread sysfs file \"state\": unexpected EOF");
  tree_.remove(path(1));
  EXPECT_EQ(all(),
            "Could not open '/sys/devices/system/memory/memory2/': No such file or directory");
}

TEST_F(MemoryBlocksTest, ReportThatTheKernelHasNone) {
  EXPECT_EQ(all(), "");
  tree_.make_directory("sys/devices/system/memory");
  EXPECT_EQ(all(), "guest reported zero memory blocks!");
  tree_.remove("sys/devices/system/memory");
  tree_.write("sys/devices/system/memory", "");
  EXPECT_EQ(all(), "Can't open directory\"/sys/devices/system/memory/\": Not a directory");
}

TEST_F(MemoryBlocksTest, GoOfflineAndOnline) {
  add(1, "online");
  expect_set(1, false, Outcome::success);
  EXPECT_EQ(state(1), "offline");
  expect_set(1, true, Outcome::success);
  EXPECT_EQ(state(1).substr(0, 6), "online");
}

TEST_F(MemoryBlocksTest, AreNotWrittenToIfTheirStateIsCorrect) {
  tree_.link(path(1) + "/state", "/dev/full");  // reads as zero bytes; writing fails
  expect_set(1, false, Outcome::success);
  expect_set(1, true, Outcome::failed, ENOSPC);
}

TEST_F(MemoryBlocksTest, ReportWhenTheyDoNotExist) {
  expect_set(7, true, Outcome::not_supported, ENOENT);
  add(1, "online");
  expect_set(7, true, Outcome::not_found, ENOENT);
  tree_.write(path(2), "");
  expect_set(2, true, Outcome::failed, ENOTDIR);
}

TEST_F(MemoryBlocksTest, CannotBeSetWithoutAReadableState) {
  add(1, "");
  expect_set(1, false, Outcome::failed, EIO);
}

TEST_F(MemoryBlocksTest, HaveASizeInHexadecimal) {
  tree_.write("sys/devices/system/memory/block_size_bytes", "80000000\n");
  EXPECT_EQ(memory_block_size(tree_.path()), 0x80000000U);
}

TEST_F(MemoryBlocksTest, ReportWhyTheirSizeIsUnknown) {
  const auto reason = [this] { return memory_block_size(tree_.path()).error().message; };
  EXPECT_EQ(reason(), "open(\"/sys/devices/system/memory/\"): No such file or directory");
  tree_.make_directory("sys/devices/system/memory");
  EXPECT_EQ(reason(), "open sysfs file \"block_size_bytes\": No such file or directory");
  tree_.write("sys/devices/system/memory/block_size_bytes", "");
  EXPECT_EQ(reason(), "pread sysfs file \"block_size_bytes\": unexpected EOF");
  tree_.write("sys/devices/system/memory/block_size_bytes", "many\n");
  EXPECT_EQ(reason(), "sysfs file \"block_size_bytes\" holds no size: many");
  tree_.remove("sys/devices/system/memory/block_size_bytes");
  tree_.make_directory("sys/devices/system/memory/block_size_bytes");
  EXPECT_EQ(reason(), "pread sysfs file \"block_size_bytes\": Is a directory");
}

}  // namespace
}  // namespace bellhop::platform
