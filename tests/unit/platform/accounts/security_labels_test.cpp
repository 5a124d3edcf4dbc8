// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/security_labels.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using namespace std::chrono_literals;

// A system with SELinux and a fake restorecon. The user "alice" has the id 61001 if root runs the
// test, otherwise the id of the user who runs it.
class RestoreLabels : public ::testing::Test {
 protected:
  RestoreLabels() {
    ::chmod(directory.path().c_str(), 0777);
    for (const char* name : {"sys/fs/selinux", "sbin"}) {
      std::filesystem::create_directories(directory / name);
    }
    directory.file("sys/fs/selinux/enforce", "0");
    restorecon(fmt::format("echo \"$(id -u):\" \"$@\" >{}/called", directory.path()));
  }

  void restorecon(const std::string& script) {
    directory.file("sbin/restorecon", "#!/bin/sh\n" + script + "\n");
    ::chmod((directory / "sbin/restorecon").c_str(), 0755);
  }
  Result<void> restore(std::chrono::milliseconds timeout = 1min) {
    return restore_labels(user, {"/home/alice/.ssh", "/home/alice/.ssh/authorized_keys"},
                          directory.path(), timeout);
  }
  std::string error(std::chrono::milliseconds timeout = 1min) {
    const auto restored = restore(timeout);
    return restored ? "no error" : restored.error().message;
  }
  bool called() const { return std::filesystem::exists(directory / "called"); }

  TemporaryDirectory directory;
  std::uint32_t id = ::geteuid() == 0 ? 61001 : ::geteuid();
  UserAccount user{.name = "alice", .user_id = id, .group_id = id, .home = "/home/alice"};
};

TEST_F(RestoreLabels, RunsRestoreconAsTheUser) {
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(
      directory.content("called"),
      fmt::format("{}: -i -- /home/alice/.ssh /home/alice/.ssh/authorized_keys\n", user.user_id));
}

TEST_F(RestoreLabels, RunsNothingWithoutSelinux) {
  std::filesystem::remove(directory / "sys/fs/selinux/enforce");
  EXPECT_TRUE(restore());
  std::filesystem::remove_all(directory / "sys");
  EXPECT_TRUE(restore());
  EXPECT_FALSE(called());
}

TEST_F(RestoreLabels, FailsWithoutRestorecon) {
  std::filesystem::remove(directory / "sbin/restorecon");
  EXPECT_EQ(error(), "there is no restorecon");
}

TEST_F(RestoreLabels, FailsWithTheOutputOfRestorecon) {
  restorecon("echo 'Could not set context' >&2; echo again; exit 255");
  EXPECT_EQ(error(), fmt::format("'{}/sbin/restorecon' ended with status 255: Could not set "
                                 "context again",
                                 directory.path()));
}

TEST_F(RestoreLabels, FailsIfRestoreconIsNotExecutable) {
  ::chmod((directory / "sbin/restorecon").c_str(), 0600);
  EXPECT_EQ(error(),
            fmt::format("cannot run '{}/sbin/restorecon': Permission denied", directory.path()));
}

// True if a process has the FIFO open for reading, or waits to open it.
bool has_reader(const std::string& pipe) {
  const int writer = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (writer >= 0) ::close(writer);
  return writer >= 0;
}

TEST_F(RestoreLabels, KillsARestoreconThatHangs) {
  const std::string pipe = directory / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0644), 0);
  ::chmod(pipe.c_str(), 0644);
  restorecon(fmt::format("exec sleep 10000 <{}", pipe));
  EXPECT_EQ(error(500ms), "the process for user 'alice' did not end within 0.5 s and was killed");
  // SIGKILL does not take effect immediately.
  for (int i = 0; i < 10'000 && has_reader(pipe); ++i) ::usleep(1000);
  EXPECT_FALSE(has_reader(pipe));
}

}  // namespace
}  // namespace bellhop::platform
