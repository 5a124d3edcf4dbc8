// SPDX-License-Identifier: Apache-2.0
#include "platform/process/reexec.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(ExecInPlace, PassesOnlyTheNamedDescriptorsAndVariable) {
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

TEST(ExecInPlace, ChangesNothingWhenItFails) {
  const Handle kept = open_null();
  const Error error = exec_in_place({.path = "/none/such",
                                     .arguments = {"such"},
                                     .variable = "A=b",
                                     .descriptors = {kept.get()}});
  EXPECT_EQ(error.message, "cannot run '/none/such': No such file or directory");
  EXPECT_TRUE(closes_on_exec(kept.get()));
  EXPECT_EQ(::getenv("A"), nullptr);
}

TEST(ExecutablePath, KeepsLinksToTheProgram) {
  if (is_emulated()) GTEST_SKIP() << "/proc/self/exe is the emulator";
  const TemporaryDirectory directory;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  std::filesystem::create_symlink(self, directory / "link");
  EXPECT_EQ(executable_path("./link", directory.path()), directory.path() + "/./link");
  EXPECT_EQ(executable_path(directory / "link", "/"), directory / "link");
  EXPECT_EQ(executable_path(self, "/"), self);
}

TEST(ExecutablePath, IgnoresTheNameOfAnotherProgram) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(executable_path("/bin/sh", "/"), self);
  EXPECT_EQ(executable_path("no such program", "/"), self);
}

TEST(ClaimInherited, ClaimsTheDescriptorInAVariableAndUnsetsIt) {
  EXPECT_EQ(claim_inherited_variable("BELLHOP_TEST_NUMBER"), std::nullopt);
  const int descriptor = open_null().release();
  ASSERT_EQ(::fcntl(descriptor, F_SETFD, 0), 0);
  ::setenv("BELLHOP_TEST_NUMBER", std::to_string(descriptor).c_str(), 1);
  const std::optional<Handle> claimed = claim_inherited_variable("BELLHOP_TEST_NUMBER");
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->get(), descriptor);
  EXPECT_EQ(::getenv("BELLHOP_TEST_NUMBER"), nullptr);
}

TEST(ClaimInherited, ClaimsAnInheritableDescriptorOnce) {
  const int descriptor = open_null().release();
  EXPECT_FALSE(claim_inherited(descriptor));
  ASSERT_EQ(::fcntl(descriptor, F_SETFD, 0), 0);
  const Handle claimed = claim_inherited(descriptor);
  EXPECT_EQ(claimed.get(), descriptor);
  EXPECT_TRUE(closes_on_exec(descriptor));
  EXPECT_FALSE(claim_inherited(descriptor));
  EXPECT_FALSE(claim_inherited(-1));
  EXPECT_FALSE(claim_inherited(1));
}

}  // namespace
}  // namespace bellhop::platform
