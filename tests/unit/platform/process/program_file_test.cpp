// SPDX-License-Identifier: Apache-2.0
#include "platform/process/program_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "platform/process/run_program.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

constexpr const char* changed =
    "' was changed after it had been checked: request the upgrade again once it is installed";

class ProgramFileTest : public ::testing::Test {
 protected:
  // A script that prints a word.
  std::string script(const std::string& name, const std::string& word) const {
    std::string path = directory_.file(name, "#!/bin/sh\necho " + word + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  // What an open program prints; `name` need not exist.
  static std::string output_of(const ProgramFile& program, std::string name) {
    Processes processes;
    const auto run = run_program(processes,
                                 {.path = std::move(name),
                                  .arguments = {},
                                  .environment = {},
                                  .input = {},
                                  .program = program.descriptor()},
                                 {.whole_output = true});
    return run ? run->output : run.error().message;
  }
  void expect_changed(const ProgramFile& program) const {
    const Result<void> unchanged = program.check_unchanged();
    ASSERT_FALSE(unchanged);
    EXPECT_EQ(unchanged.error().message, "'" + program.path() + changed);
  }

  const TemporaryDirectory directory_;
};

TEST_F(ProgramFileTest, RunsTheFileThatWasOpened) {
  const std::string path = script("program", "first");
  const auto program = ProgramFile::open(path);
  ASSERT_TRUE(program);
  std::filesystem::rename(script("other", "second"), path);
  EXPECT_EQ(output_of(*program, path), "first\n");
  EXPECT_TRUE(program->check_unchanged());
  std::filesystem::remove(path);
  EXPECT_EQ(output_of(*program, path), "first\n");
}

TEST_F(ProgramFileTest, RunsABinaryUnderTheGivenName) {
  const auto program = ProgramFile::open("/bin/sh");
  ASSERT_TRUE(program);
  Processes processes;
  const auto run = run_program(processes,
                               {.path = "/none/such",
                                .arguments = {"-c", "echo \"$0\""},
                                .environment = {},
                                .input = {},
                                .program = program->descriptor()},
                               {.whole_output = true});
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->output, "/none/such\n");
}

TEST_F(ProgramFileTest, NoticesThatItWasWrittenTo) {
  const auto program = ProgramFile::open(script("program", "first"));
  ASSERT_TRUE(program);
  EXPECT_TRUE(program->check_unchanged());
  std::ofstream(program->path(), std::ios::app) << "# more\n";
  expect_changed(*program);
}

// As cp -p and rsync --inplace do with a program of the same size.
TEST_F(ProgramFileTest, NoticesAWriteWhoseTimeWasSetBack) {
  const auto program = ProgramFile::open(script("program", "first"));
  ASSERT_TRUE(program);
  const auto written = std::filesystem::last_write_time(program->path());
  struct stat before{};
  ASSERT_EQ(::stat(program->path().c_str(), &before), 0);
  struct stat after = before;
  while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
         after.st_ctim.tv_nsec == before.st_ctim.tv_nsec) {  // the kernel's clock has ticks
    script("program", "other");
    std::filesystem::last_write_time(program->path(), written);
    ASSERT_EQ(::stat(program->path().c_str(), &after), 0);
  }
  EXPECT_EQ(std::filesystem::last_write_time(program->path()), written);
  expect_changed(*program);
}

TEST_F(ProgramFileTest, NoticesAWriteToAFileThatWasReplaced) {
  const std::string path = script("program", "first");
  const auto program = ProgramFile::open(path);
  ASSERT_TRUE(program);
  std::filesystem::create_hard_link(path, directory_ / "backup");
  std::filesystem::rename(script("other", "second"), path);
  std::ofstream(directory_ / "backup", std::ios::app) << "# more\n";
  expect_changed(*program);
}

TEST_F(ProgramFileTest, FollowsLinks) {
  std::filesystem::create_symlink(script("program", "linked"), directory_ / "link");
  const auto program = ProgramFile::open(directory_ / "link");
  ASSERT_TRUE(program);
  EXPECT_EQ(program->path(), directory_ / "link");
  EXPECT_EQ(output_of(*program, "name"), "linked\n");
}

TEST_F(ProgramFileTest, ReportsFilesThatCannotRun) {
  const auto missing = ProgramFile::open(directory_ / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "cannot open '" + (directory_ / "missing") + "': No such file or directory");
  ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0700), 0);
  const auto fifo = ProgramFile::open(directory_ / "fifo");
  ASSERT_TRUE(fifo);
  EXPECT_EQ(output_of(*fifo, "fifo"), "Failed to execute child process “fifo” (Permission denied)");
  const auto plain = ProgramFile::open(directory_.file("plain", "#!/bin/sh\n"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(output_of(*plain, "plain"),
            "Failed to execute child process “plain” (Permission denied)");
}

}  // namespace
}  // namespace bellhop::platform
