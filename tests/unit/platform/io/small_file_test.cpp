// SPDX-License-Identifier: Apache-2.0
#include "platform/io/small_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "unit/gate.h"

namespace bellhop::platform {
namespace {

using bellhop::testing::TemporaryDirectory;

class SmallFile : public ::testing::Test {
 protected:
  std::string path() const { return directory_ / "state"; }
  std::string content() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(directory_.path()), {}));
  }
  static std::string error_of(const auto& result) {
    return result ? "no error" : result.error().message;
  }

  TemporaryDirectory directory_;
};

TEST_F(SmallFile, IsNulloptIfItDoesNotExist) {
  const auto read = read_small_file(path());
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

TEST_F(SmallFile, ReadsTheLastWrittenContent) {
  ASSERT_TRUE(replace_small_file(path(), "one"));
  ASSERT_TRUE(replace_small_file(path(), "a second one"));
  const auto read = read_small_file(path());
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(**read, "a second one");
  EXPECT_EQ(files(), 1U) << "a temporary file is left";
}

TEST_F(SmallFile, ReplacesTheFileInsteadOfOverwritingIt) {
  ASSERT_TRUE(replace_small_file(path(), "old"));
  std::ifstream reader(path(), std::ios::binary);
  ASSERT_TRUE(replace_small_file(path(), "new!"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
  EXPECT_EQ(content(), "new!");
}

TEST_F(SmallFile, KeepsItsPermissions) {
  ASSERT_TRUE(replace_small_file(path(), "old"));
  ASSERT_EQ(::chmod(path().c_str(), 0640), 0);
  ASSERT_TRUE(replace_small_file(path(), "new"));
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
}

TEST_F(SmallFile, OverwritesAnIncompleteTemporaryFile) {
  std::ofstream(path() + ".new") << "unfinished";
  ASSERT_TRUE(replace_small_file(path(), "new"));
  EXPECT_EQ(content(), "new");
  EXPECT_EQ(files(), 1U);
}

TEST_F(SmallFile, RejectsOtherKindsOfFile) {
  EXPECT_EQ(error_of(read_small_file(directory_.path())),
            "cannot read " + directory_.path() + ": it is not a regular file");
}

TEST_F(SmallFile, RejectsALargeFile) {
  std::ofstream(path()) << std::string(64 * 1024 + 1, 'x');
  EXPECT_EQ(error_of(read_small_file(path())), "cannot read " + path() + ": it is too large");
}

TEST_F(SmallFile, ReadFileAcceptsAnyKindOfFileUpToALimit) {
  std::ofstream(path()) << "abc";
  EXPECT_EQ(read_file(path()), "abc");
  EXPECT_EQ(read_file(path(), 2), "ab");
  EXPECT_EQ(read_file("/dev/zero", 100000).value_or("").size(), 100000U);
  const std::string missing = directory_ / "missing";
  EXPECT_EQ(error_of(read_file(missing)), "cannot read " + missing + ": No such file or directory");
  EXPECT_EQ(read_file(missing).error().system, std::errc::no_such_file_or_directory);
}

TEST_F(SmallFile, ReportsWhyItCannotBeWritten) {
  const std::string missing = directory_ / "missing/state";
  EXPECT_EQ(error_of(replace_small_file(missing, "x")),
            "cannot write " + missing + ": No such file or directory");
}

TEST_F(SmallFile, KeepsTheOldFileIfItCannotBeReplaced) {
  std::filesystem::create_directory(path());
  std::ofstream(path() + "/inside") << "x";
  EXPECT_FALSE(replace_small_file(path(), "x"));
  EXPECT_TRUE(std::filesystem::exists(path() + "/inside"));
  EXPECT_EQ(files(), 1U) << "a temporary file is left";
}

}  // namespace
}  // namespace bellhop::platform
