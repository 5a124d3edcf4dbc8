// SPDX-License-Identifier: Apache-2.0
#include "platform/process/run_as_user.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

#include "platform/io/pipe_posix.h"
#include "platform/process/shared_memory_posix.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t alice_id = 61001;

UserAccount alice() {
  return {.name = "alice",
          .user_id = alice_id,
          .group_id = alice_id + 1,
          .groups = {alice_id + 1, alice_id + 2},
          .home = "/nonexistent"};
}

UserAccount myself() {
  return {.name = "myself",
          .user_id = ::geteuid(),
          .group_id = ::getegid(),
          .groups = {::getegid()},
          .home = "/nonexistent"};
}

// The child's results, in shared memory.
struct Findings {
  bool ran = false;
  uid_t users[3] = {};
  gid_t groups[3] = {};
  int group_count = 0;
  gid_t more_groups[8] = {};
  int error = 0;
  int number = 0;
};

class RunAsUser : public ::testing::Test {
 protected:
  RunAsUser() : memory(share_memory(sizeof(Findings))) {
    if (memory) findings = new (memory->get()) Findings;
  }

  Result<SharedMemory> memory;
  Findings* findings = nullptr;
};

// Tests that require root.
class RunAsAnotherUser : public RunAsUser {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "requires root, to become another user";
  }
};

TEST_F(RunAsAnotherUser, HasTheIdsAndGroupsOfTheUser) {
  const auto ran = run_as_user(alice(), 1min, [this] {
    ::getresuid(&findings->users[0], &findings->users[1], &findings->users[2]);
    ::getresgid(&findings->groups[0], &findings->groups[1], &findings->groups[2]);
    findings->group_count = ::getgroups(8, findings->more_groups);
  });
  ASSERT_TRUE(ran) << ran.error().message;
  for (const uid_t user : findings->users) EXPECT_EQ(user, alice_id);
  for (const gid_t group : findings->groups) EXPECT_EQ(group, alice_id + 1);
  ASSERT_EQ(findings->group_count, 2);
  EXPECT_EQ(findings->more_groups[0], alice_id + 1);
  EXPECT_EQ(findings->more_groups[1], alice_id + 2);
  EXPECT_EQ(::geteuid(), 0U);
}

TEST_F(RunAsAnotherUser, CannotRegainRootOrItsCapabilities) {
  const TemporaryDirectory directory;
  const std::string secret = directory.file("secret", "x");
  ::chmod(directory.path().c_str(), 0755);
  ::chmod(secret.c_str(), 0600);
  const auto ran = run_as_user(alice(), 1min, [&] {
    findings->ran = ::setresuid(0, 0, 0) == 0;
    findings->number = ::open(secret.c_str(), O_RDONLY);
    findings->error = errno;
  });
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_FALSE(findings->ran);
  EXPECT_EQ(findings->number, -1);
  EXPECT_EQ(findings->error, EACCES);
}

// Makes this process a user other than root, with all capabilities.
bool become_user_with_capabilities() {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || ::setresuid(61005, 61005, 61005) != 0) {
    return false;
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct all[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, all) != 0) return false;
  for (auto& half : all) half.effective = half.permitted;
  return ::syscall(SYS_capset, &header, all) == 0;
}

TEST_F(RunAsAnotherUser, DropsTheCapabilitiesOfAnAgentThatIsNotRoot) {
  const TemporaryDirectory directory;
  const std::string secret = directory.file("secret", "x");
  ::chmod(secret.c_str(), 0600);
  // In a child, so that the test itself stays root.
  const auto ran = run_as_user(myself(), 1min, [&] {
    if (!become_user_with_capabilities()) return;
    findings->ran = ::open(secret.c_str(), O_RDONLY) >= 0;
    const auto inner = run_as_user(alice(), 1min, [&] {
      findings->number = ::open(secret.c_str(), O_RDONLY);
      findings->error = errno;
    });
    findings->group_count = inner.has_value();
  });
  ASSERT_TRUE(ran) << ran.error().message;
  ASSERT_TRUE(findings->ran) << "the child has no capabilities";
  EXPECT_EQ(findings->group_count, 1);
  EXPECT_EQ(findings->number, -1);
  EXPECT_EQ(findings->error, EACCES);
}

TEST_F(RunAsAnotherUser, CannotBeTracedByThatUser) {
  const auto ran =
      run_as_user(alice(), 1min, [this] { findings->number = ::prctl(PR_GET_DUMPABLE); });
  ASSERT_TRUE(ran);
  EXPECT_EQ(findings->number, 0);
}

TEST_F(RunAsUser, RequiresRoot) {
  if (::geteuid() == 0) {
    // In a child, which first stops being root.
    const auto ran = run_as_user(alice(), 1min, [this] {
      const auto inner = run_as_user(myself(), 1min, [this] { findings->ran = true; });
      findings->number = inner.has_value();
      UserAccount other = alice();
      other.user_id = 61009;
      const auto refused = run_as_user(other, 1min, [] {});
      findings->error = !refused && refused.error().message ==
                                        "failed to set group for user 'alice': Operation not "
                                        "permitted";
    });
    ASSERT_TRUE(ran);
    EXPECT_TRUE(findings->ran);
    EXPECT_EQ(findings->number, 1);
    EXPECT_EQ(findings->error, 1);
    return;
  }
  EXPECT_TRUE(run_as_user(myself(), 1min, [this] { findings->ran = true; }));
  EXPECT_TRUE(findings->ran);
  const auto refused = run_as_user(alice(), 1min, [] {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "failed to set group for user 'alice': Operation not permitted");
}

TEST_F(RunAsUser, ClosesTheAgentsDescriptors) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  const int agent_fd = pipe->write.get();
  const auto ran = run_as_user(myself(), 1min, [&] {
    findings->number = agent_fd > 3 ? ::fcntl(agent_fd, F_GETFD) : -1;
    findings->ran = true;
  });
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_TRUE(findings->ran);
  EXPECT_EQ(findings->number, -1);
}

TEST_F(RunAsUser, KillsTheProcessAtTheTimeout) {
  const auto ran = run_as_user(myself(), 50ms, [] {
    for (;;) ::pause();
  });
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message,
            "the process for user 'myself' did not end within 0.05 s and was killed");
}

TEST_F(RunAsUser, DoesNotWaitForAStoppedProcess) {
  const auto ran = run_as_user(myself(), 50ms, [] { ::kill(::getpid(), SIGSTOP); });
  EXPECT_FALSE(ran);
}

TEST_F(RunAsUser, ReportsThatTheProcessWasKilled) {
  const auto ran = run_as_user(myself(), 1min, [] { ::kill(::getpid(), SIGKILL); });
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message, "the process for user 'myself' was killed");
}

TEST_F(RunAsUser, CreatesFilesWithUmask077) {
  const TemporaryDirectory directory;
  const std::string path = directory / "file";
  const auto ran =
      run_as_user(myself(), 1min, [&] { ::close(::open(path.c_str(), O_CREAT | O_WRONLY, 0666)); });
  ASSERT_TRUE(ran);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

std::string error_of(const UserAccount& user, const std::string& script) {
  const auto ran = run_program_as_user(user, 1min, "/bin/sh", {"-c", script});
  return ran ? "no error" : ran.error().message;
}

TEST_F(RunAsAnotherUser, RunsAProgramWithIdsAndGroupsAndWithoutCapabilities) {
  EXPECT_EQ(error_of(alice(),
                     "id -ru; id -u; id -rg; id -g; id -G; cd /proc/$$ && "
                     "grep '^Cap[EP]' status; exit 1"),
            "'/bin/sh' ended with status 1: 61001 61001 61002 61002 61002 61003 "
            "CapPrm:\t0000000000000000 CapEff:\t0000000000000000");
}

TEST_F(RunAsUser, RunsAProgramWithoutTheAgentsDescriptorsAndEnvironment) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  ::setenv("BELLHOP_TEST", "x", 1);
  EXPECT_EQ(error_of(myself(),
                     "ls /proc/self/fd; cat; pwd; echo $BELLHOP_TEST $LC_ALL $PATH; "
                     "exit 1"),
            "'/bin/sh' ended with status 1: 0 1 2 3 / C /usr/sbin:/usr/bin:/sbin:/bin");
  ::unsetenv("BELLHOP_TEST");
}

TEST_F(RunAsUser, RunsAProgramWithDefaultSignals) {
  ::signal(SIGTERM, SIG_IGN);
  EXPECT_EQ(error_of(myself(), "kill -TERM $$; exit 0"), "'/bin/sh' was ended by signal 15");
  ::signal(SIGTERM, SIG_DFL);
}

TEST_F(RunAsUser, ReturnsWhenTheProgramHasEnded) {
  EXPECT_EQ(error_of(myself(), "echo nothing of interest"), "no error");
  EXPECT_EQ(error_of(myself(), "exec >/dev/null 2>&1; sleep 0.1; exit 3"),
            "'/bin/sh' ended with status 3");
}

TEST_F(RunAsUser, ReportsHowAProgramEndedIfSigchldIsIgnored) {
  ::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(error_of(myself(), "exit 3"), "'/bin/sh' ended with status 3");
  ::signal(SIGCHLD, SIG_DFL);
}

TEST_F(RunAsUser, ReportsWhyAProgramCannotBeRun) {
  const auto ran = run_program_as_user(myself(), 1min, "/nonexistent/program", {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().message, "cannot run '/nonexistent/program': No such file or directory");
}

}  // namespace
}  // namespace bellhop::platform
