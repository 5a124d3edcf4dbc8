// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/password_program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using Arguments = std::vector<std::string>;

class PasswordProgramTest : public ::testing::Test {
 protected:
  std::string program(const std::string& name, mode_t mode = 0755) {
    std::filesystem::create_directories(std::filesystem::path(root / name).parent_path());
    root.file(name, "#!/bin/sh\n");
    ::chmod((root / name).c_str(), mode);
    return root / name;
  }
  PasswordProgram find(bool crypted, const std::string& search_path = "") {
    auto found = password_program(crypted, search_path, root.path());
    EXPECT_TRUE(found);
    return found.value_or(PasswordProgram{});
  }

  TemporaryDirectory root;
};

TEST_F(PasswordProgramTest, IsChpasswdInTheSearchPath) {
  const std::string first = program("first/chpasswd");
  program("usr/sbin/chpasswd");
  const auto found = find(false, root / "none" + ":" + root / "first");
  EXPECT_EQ(found.path, first);
  EXPECT_EQ(found.arguments, Arguments{});
}

TEST_F(PasswordProgramTest, HasAnOptionForCryptedPasswords) {
  program("first/chpasswd");
  EXPECT_EQ(find(true, root / "first").arguments, Arguments{"-e"});
}

TEST_F(PasswordProgramTest, IsFoundInDefaultDirectoriesOutsideTheSearchPath) {
  const std::string default_program = program("usr/sbin/chpasswd");
  EXPECT_EQ(find(false).path, default_program);
  EXPECT_EQ(find(false, "/nonexistent:").path, default_program);
}

TEST_F(PasswordProgramTest, IsNotFoundInTheWorkingDirectory) {
  const auto before = std::filesystem::current_path();
  program("here/chpasswd");
  std::filesystem::current_path(root.path());
  EXPECT_EQ(find(false, "here:.:").path, "chpasswd");
  std::filesystem::current_path(before);
}

TEST_F(PasswordProgramTest, IsAnExecutableFile) {
  program("first/chpasswd", 0644);
  std::filesystem::create_directories(root / "second/chpasswd");
  const std::string third = program("third/chpasswd");
  EXPECT_EQ(find(false, root / "first" + ":" + root / "second" + ":" + root / "third").path, third);
}

TEST_F(PasswordProgramTest, IsBusyBoxWithSha512WithoutChpasswd) {
  const std::string busybox = program("bin/busybox");
  EXPECT_EQ(find(false).path, busybox);
  EXPECT_EQ(find(false).arguments, (Arguments{"chpasswd", "-c", "sha512"}));
  EXPECT_EQ(find(true).arguments, (Arguments{"chpasswd", "-e"}));
}

TEST_F(PasswordProgramTest, IsOnlyANameIfThereIsNone) {
  EXPECT_EQ(find(false).path, "chpasswd");
}

}  // namespace
}  // namespace bellhop::platform
