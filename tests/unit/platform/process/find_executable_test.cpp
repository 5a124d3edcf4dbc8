// SPDX-License-Identifier: Apache-2.0
#include "platform/process/find_executable.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using ::testing::ElementsAre;

TEST(ProgramCandidates, HaveOneEntryPerDirectory) {
  EXPECT_THAT(program_candidates("x", "/a:/b"), ElementsAre("/a/x", "/b/x"));
  EXPECT_THAT(program_candidates("x", ":/b:"), ElementsAre("x", "/b/x", "x"));
  EXPECT_THAT(program_candidates("x", ""), ElementsAre("x"));
  EXPECT_THAT(program_candidates("./x", "/a"), ElementsAre("./x"));
  EXPECT_THAT(program_candidates("", "/a"), ElementsAre(""));
}

TEST(FindExecutable, ReturnsTheFirstExecutableFile) {
  const TemporaryDirectory directory;
  for (const char* name : {"first", "second", "third"}) {
    std::filesystem::create_directory(directory / name);
  }
  const std::string search_path = fmt::format("{0}/first:{0}/second:{0}/third", directory.path());
  directory.file("first/program", "");
  EXPECT_EQ(find_executable("program", search_path), std::nullopt);
  ::chmod(directory.file("third/program", "").c_str(), 0755);
  EXPECT_EQ(find_executable("program", search_path), directory / "third/program");
  ::chmod(directory.file("second/program", "").c_str(), 0755);
  EXPECT_EQ(find_executable("program", search_path), directory / "second/program");
}

TEST(SystemSearchPath, IsBelowTheRoot) {
  EXPECT_EQ(system_search_path("/"), "/sbin:/usr/sbin:/bin:/usr/bin");
  EXPECT_EQ(system_search_path("/r"), "/r/sbin:/r/usr/sbin:/r/bin:/r/usr/bin");
}

class FindProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* path = std::getenv("PATH")) before_ = path;
  }
  void TearDown() override { before_ ? ::setenv("PATH", before_->c_str(), 1) : ::unsetenv("PATH"); }
  std::optional<std::string> before_;
  TemporaryDirectory directory_;
};

TEST_F(FindProgram, WorksWithoutPath) {
  ::unsetenv("PATH");
  EXPECT_EQ(find_program("sh"), "/bin/sh");
  EXPECT_EQ(find_program("bellhop-no-such-program"), std::nullopt);
}

TEST_F(FindProgram, AlsoSearchesPath) {
  ::setenv("PATH", directory_.path().c_str(), 1);
  const std::string program = directory_.file("bellhop-test-program", "");
  EXPECT_EQ(find_program("bellhop-test-program"), std::nullopt);  // not executable
  ::chmod(program.c_str(), 0755);
  EXPECT_EQ(find_program("bellhop-test-program"), program);
}

TEST_F(FindProgram, IgnoresDirectories) {
  ::setenv("PATH", directory_.path().c_str(), 1);
  std::filesystem::create_directory(directory_ / "bellhop-test-program");
  EXPECT_EQ(find_program("bellhop-test-program"), std::nullopt);
}

}  // namespace
}  // namespace bellhop::platform
