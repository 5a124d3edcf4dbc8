// SPDX-License-Identifier: Apache-2.0
#include "platform/process/reexec.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

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
  const auto program = ProgramFile::open("/bin/sh");
  ASSERT_TRUE(program);
  const std::string script = "echo \"$0 $VARIABLE $$\" >out; [ -e /proc/self/fd/" +
                             std::to_string(kept.get()) + " ] && ! [ -e /proc/self/fd/" +
                             std::to_string(other.get()) + " ]";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::chdir(directory.path().c_str()) == 0) {
      exec_in_place({.program = *program,
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
  const TemporaryDirectory directory;
  const auto program = ProgramFile::open(directory.file("plain", ""));
  ASSERT_TRUE(program);
  const Error error = exec_in_place(
      {.program = *program, .arguments = {"such"}, .variable = "A=b", .descriptors = {kept.get()}});
  EXPECT_EQ(error.message, "cannot run '" + program->path() + "': Permission denied");
  EXPECT_TRUE(closes_on_exec(kept.get()));
  EXPECT_TRUE(closes_on_exec(program->descriptor()));
  EXPECT_EQ(::getenv("A"), nullptr);
}

TEST(ExecInPlace, RefusesAProgramThatWasWrittenTo) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("program", "#!/bin/sh\nexit 1\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  const auto program = ProgramFile::open(path);
  ASSERT_TRUE(program);
  directory.file("program", "#!/bin/sh\nexit 10\n");
  const pid_t child = ::fork();
  if (child == 0) {
    const Error error = exec_in_place(
        {.program = *program, .arguments = {"x"}, .variable = "A=b", .descriptors = {}});
    ::_exit(error.message.starts_with("'" + path + "' was changed") ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// The interpreter of a script opens it once more, after execve(2).
TEST(ExecInPlace, RunsTheScriptThatWasOpened) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("program", "#!/bin/sh\nexit 42\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  const auto program = ProgramFile::open(path);
  ASSERT_TRUE(program);
  std::filesystem::remove(path);
  directory.file("program", "#!/bin/sh\nexit 1\n");
  const pid_t child = ::fork();
  if (child == 0) {
    exec_in_place({.program = *program, .arguments = {"x"}, .variable = "A=b", .descriptors = {}});
    ::_exit(99);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(NameProcess, UsesTheNameOfTheFile) {
  const pid_t child = ::fork();
  if (child == 0) {
    name_process("/usr/sbin/a-program-with-a-long-name");
    char name[16] = {};
    ::prctl(PR_GET_NAME, name);
    ::_exit(std::string_view(name) == "a-program-with-" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
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
