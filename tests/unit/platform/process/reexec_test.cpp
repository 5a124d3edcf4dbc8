#include "platform/process/reexec.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "unit/emulated.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

bool closes_on_exec(int descriptor) {
  return (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
}

Handle open_null() {
  return Handle(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

TEST(ExecInPlace, PassesOnWhatIsNamedAndNothingElse) {
  const TemporaryDirectory directory;
  const Handle kept = open_null();
  const Handle other = open_null();
  const std::string script = "echo \"$0 $VARIABLE $$\" >out; [ -e /proc/self/fd/" +
                             std::to_string(kept.get()) + " ] && ! [ -e /proc/self/fd/" +
                             std::to_string(other.get()) + " ]";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::chdir(directory.path().c_str()) == 0) {
      exec_in_place({.path = "/bin/sh",
                     .arguments = {"sh", "-c", script, "name"},
                     .variable = "VARIABLE=value",
                     .descriptors = {kept.get()}});
    }
    ::_exit(99);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(directory.content("out"), "name value " + std::to_string(child) + "\n");
}

TEST(ExecInPlace, LeavesEverythingAsItWasWhenItFails) {
  const Handle kept = open_null();
  const Error error = exec_in_place({.path = "/none/such",
                                     .arguments = {"such"},
                                     .variable = "A=b",
                                     .descriptors = {kept.get()}});
  EXPECT_EQ(error.message, "cannot run '/none/such': No such file or directory");
  EXPECT_TRUE(closes_on_exec(kept.get()));
  EXPECT_EQ(::getenv("A"), nullptr);
}

TEST(ExecutablePath, KeepsLinksThatLeadToTheProgram) {
  if (is_emulated()) GTEST_SKIP() << "an emulator is the program";
  const TemporaryDirectory directory;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  std::filesystem::create_symlink(self, directory / "link");
  EXPECT_EQ(executable_path("./link", directory.path()), directory.path() + "/./link");
  EXPECT_EQ(executable_path(directory / "link", "/"), directory / "link");
  EXPECT_EQ(executable_path(self, "/"), self);
}

TEST(ExecutablePath, DoesNotBelieveAWrongName) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(executable_path("/bin/sh", "/"), self);
  EXPECT_EQ(executable_path("no such program", "/"), self);
}

TEST(ClaimInherited, TakesOnceWhatChildrenWouldGet) {
  const int descriptor = open_null().release();
  EXPECT_FALSE(claim_inherited(descriptor));
  ASSERT_EQ(::fcntl(descriptor, F_SETFD, 0), 0);
  const Handle taken = claim_inherited(descriptor);
  EXPECT_EQ(taken.get(), descriptor);
  EXPECT_TRUE(closes_on_exec(descriptor));
  EXPECT_FALSE(claim_inherited(descriptor));
  EXPECT_FALSE(claim_inherited(-1));
  EXPECT_FALSE(claim_inherited(1));
}

TEST(Signals, WaitWhileTheyAreHeld) {
  static volatile sig_atomic_t come;
  come = 0;
  struct sigaction former{};
  struct sigaction action{};
  action.sa_handler = [](int) { come = 1; };
  ASSERT_EQ(::sigaction(SIGUSR2, &action, &former), 0);
  block_signals(std::array{SIGUSR2});
  ::kill(::getpid(), SIGUSR2);
  EXPECT_EQ(come, 0);
  unblock_signals(std::array{SIGUSR2});
  EXPECT_EQ(come, 1);
  ::sigaction(SIGUSR2, &former, nullptr);
}

}  // namespace
}  // namespace bellhop::platform
