#include "platform/accounts/password_program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using Words = std::vector<std::string>;

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

TEST_F(PasswordProgramTest, IsChpasswdOfTheSearchPath) {
  const std::string first = program("first/chpasswd");
  program("usr/sbin/chpasswd");
  const auto found = find(false, root / "none" + ":" + root / "first");
  EXPECT_EQ(found.path, first);
  EXPECT_EQ(found.arguments, Words{});
}

TEST_F(PasswordProgramTest, IsToldOfHashes) {
  program("first/chpasswd");
  EXPECT_EQ(find(true, root / "first").arguments, Words{"-e"});
}

TEST_F(PasswordProgramTest, IsFoundWhereRootsProgramsAreWhenTheSearchPathLacksIt) {
  const std::string usual = program("usr/sbin/chpasswd");
  EXPECT_EQ(find(false).path, usual);
  EXPECT_EQ(find(false, "/nonexistent:").path, usual);
}

TEST_F(PasswordProgramTest, IsNotTakenFromTheWorkingDirectory) {
  const auto before = std::filesystem::current_path();
  program("here/chpasswd");
  std::filesystem::current_path(root.path());
  EXPECT_EQ(find(false, "here:.:").path, "chpasswd");
  std::filesystem::current_path(before);
}

TEST_F(PasswordProgramTest, IsAFileThatMayBeRun) {
  program("first/chpasswd", 0644);
  std::filesystem::create_directories(root / "second/chpasswd");
  const std::string third = program("third/chpasswd");
  EXPECT_EQ(find(false, root / "first" + ":" + root / "second" + ":" + root / "third").path, third);
}

TEST_F(PasswordProgramTest, IsBusyBoxWithAGoodHashWhereThereIsNoChpasswd) {
  const std::string busybox = program("bin/busybox");
  EXPECT_EQ(find(false).path, busybox);
  EXPECT_EQ(find(false).arguments, (Words{"chpasswd", "-c", "sha512"}));
  EXPECT_EQ(find(true).arguments, (Words{"chpasswd", "-e"}));
}

TEST_F(PasswordProgramTest, IsOnlyANameWhereThereIsNone) {
  EXPECT_EQ(find(false).path, "chpasswd");
}

}  // namespace
}  // namespace bellhop::platform
