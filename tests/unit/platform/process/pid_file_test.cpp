// SPDX-License-Identifier: Apache-2.0
#include "platform/process/pid_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using testing::StartsWith;

// The result of create() in another process: 0 for success, 1 if the file is locked, otherwise 2.
int create_in_another_process(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto file = PidFile::create(path);
    if (file) ::_exit(0);
    ::_exit(file.error().message.starts_with("Cannot lock pid file '") ? 1 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

class PidFileTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  const std::string path_ = directory_.path("pid");
};

TEST_F(PidFileTest, ContainsThePidAndIsReadableOnlyByItsOwner) {
  const auto file = PidFile::create(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(directory_.content("pid"), fmt::format("{}\n", ::getpid()));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
}

TEST_F(PidFileTest, IsRemovedByTheDestructor) {
  {
    const auto file = PidFile::create(path_);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(PidFileTest, IsLockedForOtherProcesses) {
  const auto file = PidFile::create(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(create_in_another_process(path_), 1);
  EXPECT_EQ(directory_.content("pid"), fmt::format("{}\n", ::getpid()));
}

TEST_F(PidFileTest, HasTheProcessThatLockedItAsItsOwner) {
  const auto owner_seen_by_another_process = [this] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(PidFile::owner(path_).value_or(0) == ::getppid() ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  const auto file = PidFile::create(path_);
  EXPECT_EQ(owner_seen_by_another_process(), 0);
}

TEST_F(PidFileTest, HasNoOwnerWithoutALock) {
  EXPECT_THAT(PidFile::owner(path_).error().message, StartsWith("cannot open pid file '"));
  directory_.file("pid", "1\n");
  EXPECT_THAT(PidFile::owner(path_).error().message, StartsWith("no process has locked pid file"));
}

TEST_F(PidFileTest, ReplacesTheFileOfADeadDaemon) {
  directory_.file("pid", "1234567890\n");
  const auto file = PidFile::create(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(directory_.content("pid"), fmt::format("{}\n", ::getpid()));
}

TEST_F(PidFileTest, IsNotRemovedByAChild) {
  auto file = PidFile::create(path_);
  ASSERT_TRUE(file);
  const pid_t child = ::fork();
  if (child == 0) {
    {
      const PidFile dropped = std::move(*file);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(PidFileTest, DoesNotRemoveAFileOfAnotherProcess) {
  {
    const auto file = PidFile::create(path_);
    std::filesystem::remove(path_);
    directory_.file("pid", "1\n");
  }
  EXPECT_EQ(directory_.content("pid"), "1\n");
}

TEST_F(PidFileTest, ReportsWhyItCannotBeCreated) {
  const auto file = PidFile::create(directory_.path("no/pid"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message,
            "Could not create '" + directory_.path("no/pid") + "': No such file or directory");
}

}  // namespace
}  // namespace bellhop::platform
