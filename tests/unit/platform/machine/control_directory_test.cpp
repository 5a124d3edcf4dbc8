// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "platform/machine/control_directory_linux.h"
#include "unit/system_tree.h"

namespace bellhop::platform {
namespace {

using Step = ControlError::Step;

class ControlDirectoryTest : public ::testing::Test {
 protected:
  ControlDirectory open() { return *ControlDirectory::open(tree_.path()); }
  static void expect_error(const ControlError& error, Step step, int number) {
    EXPECT_EQ(error.step, step);
    EXPECT_EQ(error.error_number, number);
  }

  testing::SystemTree tree_;
};

TEST_F(ControlDirectoryTest, ReadsWithoutTheLastLineFeed) {
  tree_.write("one", "1\n");
  tree_.write("two", "1\n2\n");
  tree_.write("bare", "1");
  tree_.write("line", "\n");
  EXPECT_EQ(open().read("one"), "1");
  EXPECT_EQ(open().read("two"), "1\n2");
  EXPECT_EQ(open().read("bare"), "1");
  EXPECT_EQ(open().read("line"), "");
}

TEST_F(ControlDirectoryTest, ReadsTheBeginningOfALongFile) {
  tree_.write("long", std::string(1000, 'x'));
  EXPECT_EQ(open().read("long"), std::string(255, 'x'));
}

TEST_F(ControlDirectoryTest, DistinguishesAnEmptyFromAMissingFile) {
  tree_.write("empty", "");
  expect_error(open().read("empty").error(), Step::read, 0);
  expect_error(open().read("missing").error(), Step::open, ENOENT);
}

TEST_F(ControlDirectoryTest, CreatesNothing) {
  expect_error(open().write("missing", "1").error(), Step::open, ENOENT);
  EXPECT_FALSE(std::filesystem::exists(tree_.path() / "missing"));
}

TEST_F(ControlDirectoryTest, KeepsItsDirectoryWhenTheNameIsReused) {
  tree_.write("old/state", "old");
  const auto directory = ControlDirectory::open(tree_.path() / "old");
  ASSERT_TRUE(directory);
  std::filesystem::rename(tree_.path() / "old", tree_.path() / "gone");
  tree_.write("old/state", "new");
  EXPECT_EQ(directory->read("state"), "old");
}

TEST_F(ControlDirectoryTest, RejectsAFile) {
  tree_.write("file", "");
  EXPECT_EQ(ControlDirectory::open(tree_.path() / "file").error(), ENOTDIR);
}

TEST_F(ControlDirectoryTest, ListsOnlyNumbersThatFit) {
  for (const char* name : {"cpu7", "cpu", "cpu+1", "cpu 1", "cpu1 ", "CPU1", "cpu1.5",
                           "cpu18446744073709551616", "cpu18446744073709551615"}) {
    tree_.make_directory(std::string("cpus/") + name);
  }
  EXPECT_EQ(numbered_entries(tree_.path() / "cpus", "cpu"),
            (std::vector<std::uint64_t>{7, 18446744073709551615U}));
  EXPECT_EQ(numbered_entries(tree_.path() / "none", "cpu").error(), ENOENT);
}

}  // namespace
}  // namespace bellhop::platform
