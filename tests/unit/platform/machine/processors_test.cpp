// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/processors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "unit/system_tree.h"

namespace bellhop::platform {
namespace {

class ProcessorsTest : public ::testing::Test {
 protected:
  // For example "0+ 1-!": processor 0 is online and cannot go offline; processor 1 is offline and
  // can.
  std::string all() {
    const auto found = processors(tree_.path());
    if (!found) return found.error().message;
    std::string text;
    for (const Processor& processor : *found) {
      text += fmt::format("{}{}{}{}", text.empty() ? "" : " ", processor.logical_id,
                          processor.online ? '+' : '-', processor.can_offline ? "!" : "");
    }
    return text;
  }
  std::string set(std::int64_t id, bool online) {
    const auto result = set_processor_online(tree_.path(), id, online);
    return result ? "" : result.error().message;
  }
  void add(int id, std::string_view state) { tree_.write(path(id), state); }
  std::string state(int id) { return tree_.content(path(id)); }
  static std::string path(int id) { return fmt::format("sys/devices/system/cpu/cpu{}/online", id); }

  testing::SystemTree tree_;
};

TEST_F(ProcessorsTest, AreSortedByNumber) {
  for (const int id : {10, 9, 0, 100}) add(id, "1\n");
  EXPECT_EQ(all(), "0+! 9+! 10+! 100+!");
}

TEST_F(ProcessorsTest, AreDistinguishedFromOtherDirectories) {
  add(1, "0\n");
  for (const char* name : {"cpu", "cpufreq", "cpu1x", "cpu-1", "microcode", "power"}) {
    tree_.make_directory(std::string("sys/devices/system/cpu/") + name);
  }
  EXPECT_EQ(all(), "1-!");
}

TEST_F(ProcessorsTest, AreAlwaysOnlineWithoutAState) {
  tree_.make_directory("sys/devices/system/cpu/cpu0");
  EXPECT_EQ(all(), "0+");
  EXPECT_EQ(set(0, true), "");
  EXPECT_EQ(set(0, false), "logical processor #0 can't be offlined");
}

TEST_F(ProcessorsTest, AreOmittedIfTheyVanish) {
  add(1, "1\n");
  tree_.link("sys/devices/system/cpu/cpu2", "gone");
  EXPECT_EQ(all(), "1+!");
}

TEST_F(ProcessorsTest, AreOmittedWithoutAReadableState) {
  add(1, "1\n");
  add(2, "");
  tree_.make_directory("sys/devices/system/cpu/cpu3/online");
  EXPECT_EQ(all(), "1+!");
}

TEST_F(ProcessorsTest, ReportWhyNoneHasAReadableState) {
  add(1, "");
  tree_.link("sys/devices/system/cpu/cpu2", "gone");
  EXPECT_EQ(all(), "pread(\"/sys/devices/system/cpu/cpu1//online\"): unexpected EOF");
  tree_.remove("sys/devices/system/cpu/cpu1");
  EXPECT_EQ(all(), "Could not open '/sys/devices/system/cpu/cpu2/': No such file or directory");
  tree_.remove("sys/devices/system/cpu/cpu2");
  EXPECT_EQ(all(), "no processors in /sys/devices/system/cpu");
  tree_.remove("sys/devices/system/cpu");
  EXPECT_EQ(all(), "failed to list entries: /sys/devices/system/cpu: No such file or directory");
}

TEST_F(ProcessorsTest, GoOfflineAndOnline) {
  add(1, "1");
  EXPECT_EQ(set(1, false), "");
  EXPECT_EQ(state(1), "0");
  EXPECT_EQ(set(1, true), "");
  EXPECT_EQ(state(1), "1");
}

TEST_F(ProcessorsTest, AreNotWrittenToIfTheirStateIsCorrect) {
  tree_.link(path(1), "/dev/full");  // reads as zero bytes, which are not '0'; writing fails
  EXPECT_EQ(set(1, true), "");
  EXPECT_EQ(set(1, false),
            "pwrite(\"/sys/devices/system/cpu/cpu1//online\"): No space left on device");
}

TEST_F(ProcessorsTest, CannotBeSetIfTheyDoNotExist) {
  add(1, "1");
  EXPECT_EQ(set(2, true),
            "Could not open '/sys/devices/system/cpu/cpu2/': No such file or directory");
  EXPECT_EQ(set(-1, true),
            "Could not open '/sys/devices/system/cpu/cpu-1/': No such file or directory");
}

TEST_F(ProcessorsTest, CannotBeSetWithoutAReadableState) {
  add(1, "");
  EXPECT_EQ(set(1, false), "pread(\"/sys/devices/system/cpu/cpu1//online\"): unexpected EOF");
  tree_.make_directory("sys/devices/system/cpu/cpu2/online");
  EXPECT_EQ(set(2, false), "pread(\"/sys/devices/system/cpu/cpu2//online\"): Is a directory");
}

TEST(Processors, OfTheSystemIncludeOneThatIsOnline) {
  const auto found = processors("/");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(std::any_of(found->begin(), found->end(), [](const auto& p) { return p.online; }));
}

}  // namespace
}  // namespace bellhop::platform
