// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/authorized_keys_file.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include "unit/platform/accounts/authorized_keys_fixture.h"

namespace bellhop::platform {
namespace {

using Checkpoint = AuthorizedKeysFile::Checkpoint;

class AuthorizedKeysFileTest : public testing::AuthorizedKeysTest {
 protected:
  void expect_refused(std::string_view reason) const {
    EXPECT_EQ(error_of_read(), fmt::format("failed to read '{}': {}", path, reason));
  }
  // Replaces any version of the file.
  Result<bool> reset(std::string_view content) const {
    return file().replace(content, std::nullopt);
  }
};

TEST_F(AuthorizedKeysFileTest, IsReadUnchanged) {
  const std::string text("# a\n\0\xff\n\nkey", 10);
  keys(text);
  const auto read = file().read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text, text);
  EXPECT_TRUE(read->version.exists);
  EXPECT_EQ(read->version.size, text.size());
}

TEST_F(AuthorizedKeysFileTest, MayBeLarge) {
  const std::string text(AuthorizedKeysFile::max_size, 'x');
  keys(text);
  const auto read = file().read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text, text);
}

TEST_F(AuthorizedKeysFileTest, IsRejectedIfItIsTooLarge) {
  keys(std::string(AuthorizedKeysFile::max_size + 1, 'x'));
  expect_refused("it is larger than 16 MiB");
}

TEST_F(AuthorizedKeysFileTest, ReportsAMissingFile) {
  const std::string text = fmt::format(
      "failed to read '{}': Failed to open file “{}”: No such file or directory", path, path);
  const auto no_directory = file().read();
  ASSERT_FALSE(no_directory);
  EXPECT_EQ(no_directory.error().message, text);
  EXPECT_EQ(no_directory.error().system, std::errc::no_such_file_or_directory);
  make_directory(ssh);
  EXPECT_EQ(error_of_read(), text);
  ::rmdir(ssh.c_str());
  ::rmdir(home.c_str());
  EXPECT_EQ(error_of_read(), text);
}

TEST_F(AuthorizedKeysFileTest, IsRejectedIfItIsNotARegularFile) {
  keys("key\n");
  ::unlink(path.c_str());
  make_directory(path);
  expect_refused(fmt::format("Error reading file “{}”: Is a directory", path));
  ::rmdir(path.c_str());
  ::mkfifo(path.c_str(), 0600);
  give(path);
  expect_refused("it is not a regular file");
}

TEST_F(AuthorizedKeysFileTest, IsNotReadThroughSymbolicLinks) {
  make_directory(ssh);
  write(home + "/mine", "key\n");
  ::symlink("../mine", path.c_str());
  expect_refused("it is a symbolic link");
  ::unlink(path.c_str());
  ::rename(ssh.c_str(), (home + "/elsewhere").c_str());
  ::symlink("elsewhere", ssh.c_str());
  expect_refused(fmt::format("'{}': it is a symbolic link", ssh));
}

TEST_F(AuthorizedKeysFileTest, MayHaveAHardLinkIfTheUserOwnsIt) {
  keys("key\n");
  ::link(path.c_str(), (home + "/second").c_str());
  EXPECT_EQ(error_of_read(), "no error");
}

TEST_F(AuthorizedKeysFileTest, IsRejectedIfAnotherUserOwnsIt) {
  if (!is_root()) GTEST_SKIP() << "requires root, to create files of other users";
  make_directory(ssh);
  ::link((outside + "/public").c_str(), path.c_str());
  expect_refused("it is another name of a file of root's");
  ::unlink(path.c_str());
  ::link((outside + "/authorized_keys").c_str(), path.c_str());
  expect_refused("it belongs to somebody else");
  ::unlink(path.c_str());
  ::link((outside + "/private").c_str(), path.c_str());
  expect_refused(fmt::format("Failed to open file “{}”: Permission denied", path));
}

TEST_F(AuthorizedKeysFileTest, MayBelongToRootInDirectoriesOfRoot) {
  if (!is_root()) GTEST_SKIP() << "requires root, to create files of other users";
  keys("key\n");
  ::chmod(path.c_str(), 0644);
  ::chmod(ssh.c_str(), 0755);
  for (const std::string& name : {path, ssh, home}) ASSERT_EQ(::chown(name.c_str(), 0, 0), 0);
  EXPECT_EQ(error_of_read(), "no error");
}

TEST_F(AuthorizedKeysFileTest, IsRejectedInDirectoriesOfAnotherUser) {
  if (!is_root()) GTEST_SKIP() << "requires root, to create files of other users";
  keys("key\n");
  ::chmod(ssh.c_str(), 0777);
  ASSERT_EQ(::chown(ssh.c_str(), other_user, 0), 0);
  expect_refused(fmt::format("'{}': it belongs to somebody else", ssh));
  EXPECT_EQ(reset("new").error().message,
            fmt::format("failed to write to '{}': '{}': it belongs to somebody else", path, ssh));
  ASSERT_EQ(::chown(home.c_str(), other_user, 0), 0);
  expect_refused(fmt::format("'{}': it belongs to somebody else", home));
}

TEST_F(AuthorizedKeysFileTest, IsFoundThroughLinksOfRoot) {
  if (!is_root()) GTEST_SKIP() << "requires root, to create links of root";
  keys("key\n");
  auto account = user();
  account.home = directory / "link";
  ::symlink(home.c_str(), account.home.c_str());
  EXPECT_TRUE(AuthorizedKeysFile(account).read());
}

TEST_F(AuthorizedKeysFileTest, IsNotFoundThroughLinksThatOthersCanCreate) {
  if (!is_root()) GTEST_SKIP() << "requires root, to create links of other users";
  make_directory(directory / "new");
  ::rename(home.c_str(), (directory / "new/home").c_str());
  ::symlink((directory / "new/home").c_str(), home.c_str());
  expect_refused(fmt::format("'{}': it is a symbolic link", home));
}

TEST_F(AuthorizedKeysFileTest, IsCreatedWithItsDirectory) {
  const auto created = file().replace("key", FileVersion{});
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_TRUE(*created);
  EXPECT_EQ(content(path), "key");
  EXPECT_EQ(mode(path), S_IFREG | 0600U);
  EXPECT_EQ(mode(ssh), S_IFDIR | 0700U);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, user().user_id);
  EXPECT_EQ(status.st_gid, user().group_id);
  EXPECT_EQ(leftovers(), 0);
}

TEST_F(AuthorizedKeysFileTest, HasTheUsersGroupInASetgidDirectory) {
  if (!is_root()) GTEST_SKIP() << "requires root, to use other groups";
  make_directory(ssh);
  ASSERT_EQ(::chown(ssh.c_str(), alice_id, other_user), 0);
  ::chmod(ssh.c_str(), 02700);
  ASSERT_TRUE(reset("key"));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, alice_id);
}

TEST_F(AuthorizedKeysFileTest, IsReplacedWithTheCorrectMode) {
  keys("old\n");
  ::chmod(path.c_str(), 0666);
  ASSERT_TRUE(reset("new"));
  EXPECT_EQ(content(path), "new");
  EXPECT_EQ(mode(path), S_IFREG | 0600U);
  EXPECT_EQ(leftovers(), 0);
}

TEST_F(AuthorizedKeysFileTest, IsReplacedByANewFileSoThatHardLinksKeepTheOldOne) {
  keys("old\n");
  ::link(path.c_str(), (home + "/second").c_str());
  ASSERT_TRUE(reset("new"));
  EXPECT_EQ(content(home + "/second"), "old\n");
}

TEST_F(AuthorizedKeysFileTest, ReplacesASymbolicLinkInsteadOfFollowingIt) {
  make_directory(ssh);
  write(home + "/mine", "mine");
  ::symlink("../mine", path.c_str());
  ASSERT_TRUE(reset("new"));
  EXPECT_EQ(mode(path), S_IFREG | 0600U);
  EXPECT_EQ(content(home + "/mine"), "mine");
}

TEST_F(AuthorizedKeysFileTest, IsNotReplacedIfItHasChangedSinceItWasRead) {
  keys("old\n");
  const auto old = file().read();
  ASSERT_TRUE(old);
  write(path, "more keys\n");
  const auto replaced = file().replace("new", old->version);
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_FALSE(*replaced);
  EXPECT_EQ(content(path), "more keys\n");
  EXPECT_EQ(leftovers(), 0);
  const auto as_if_absent = file().replace("new", FileVersion{});
  ASSERT_TRUE(as_if_absent);
  EXPECT_FALSE(*as_if_absent);
}

TEST_F(AuthorizedKeysFileTest, KeepsItsContentIfTheNewFileCannotBeWritten) {
  keys("old\n");
  // Runs in the child process. Simulates a full disk.
  const auto limited = file([](Checkpoint checkpoint) {
    if (checkpoint != Checkpoint::created_file) return;
    const rlimit none{.rlim_cur = 3, .rlim_max = 3};
    ::setrlimit(RLIMIT_FSIZE, &none);
  });
  const auto replaced = limited.replace("much too long", std::nullopt);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().message, fmt::format("failed to write to '{}': File too large", path));
  EXPECT_EQ(content(path), "old\n");
  EXPECT_EQ(leftovers(), 0);
}

TEST_F(AuthorizedKeysFileTest, KeepsItsContentIfTheProcessIsKilled) {
  for (const Checkpoint checkpoint :
       {Checkpoint::created_file, Checkpoint::wrote_file, Checkpoint::compared_version}) {
    keys("old\n");
    const auto killed = file([checkpoint](Checkpoint at) {
      if (at == checkpoint) ::kill(::getpid(), SIGKILL);
    });
    EXPECT_FALSE(killed.replace("new", std::nullopt));
    EXPECT_EQ(content(path), "old\n");
  }
}

TEST_F(AuthorizedKeysFileTest, ReportsWhichStepOfWritingFailed) {
  const auto message = [this] {
    const auto replaced = reset("new");
    return replaced ? "no error" : replaced.error().message;
  };
  ::close(::open(ssh.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_EQ(message(), fmt::format("failed to create directory '{}': File exists", ssh));
  ::unlink(ssh.c_str());
  ::symlink("nowhere", ssh.c_str());
  EXPECT_EQ(message(),
            fmt::format("failed to write to '{}': '{}': it is a symbolic link", path, ssh));
  ::unlink(ssh.c_str());
  make_directory(ssh);
  make_directory(path);
  EXPECT_THAT(message(), ::testing::StartsWith(fmt::format(
                             "failed to write to '{}': Failed to rename file “{}.", path, path)));
  EXPECT_THAT(message(), ::testing::EndsWith(fmt::format("” to “{}”: Is a directory", path)));
  EXPECT_EQ(leftovers(), 0);
  ::rmdir(path.c_str());
  ::rmdir(ssh.c_str());
  ::rmdir(home.c_str());
  EXPECT_EQ(message(),
            fmt::format("failed to create directory '{}': No such file or directory", ssh));
}

TEST_F(AuthorizedKeysFileTest, ReportsWhichStepLacksPermission) {
  make_directory(ssh, 0500);
  if (is_root() || ::access(ssh.c_str(), W_OK) != 0) {
    const auto replaced = reset("new");
    ASSERT_FALSE(replaced);
    EXPECT_THAT(replaced.error().message,
                ::testing::StartsWith(fmt::format(
                    "failed to write to '{}': Failed to create file “{}.", path, path)));
    EXPECT_THAT(replaced.error().message, ::testing::EndsWith("”: Permission denied"));
  }
  ::rmdir(ssh.c_str());
  ::chmod(home.c_str(), 0500);
  EXPECT_EQ(reset("new").error().message,
            fmt::format("failed to create directory '{}': Permission denied", ssh));
}

}  // namespace
}  // namespace bellhop::platform
