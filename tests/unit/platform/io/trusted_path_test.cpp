// SPDX-License-Identifier: Apache-2.0
#include "platform/io/trusted_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

// A file in a directory, both trusted.
class TrustedPath : public ::testing::Test {
 protected:
  TrustedPath() {
    std::filesystem::create_directory(folder);
    chmod(folder, 0755);
    directory.file("folder/file", "");
    chmod(file, 0755);
  }

  static void chmod(const std::string& path, mode_t mode) { ::chmod(path.c_str(), mode); }
  static void chown(const std::string& path, uid_t user) {
    ASSERT_EQ(::lchown(path.c_str(), user, static_cast<gid_t>(-1)), 0);
  }
  static std::string link(const std::string& target, const std::string& path) {
    std::filesystem::create_symlink(target, path);
    return path;
  }
  // The resolved path, or the error.
  static std::string check(const std::string& path) {
    const auto trusted = trusted_path(path);
    return trusted ? *trusted : trusted.error().message;
  }
  static std::string writable(const std::string& path, const char* mode) {
    return fmt::format(
        "'{0}' has the owner {1} and the mode {2}, but only its owner may be able to write to it; "
        "correct it with `chmod go-w '{0}'`",
        path, ::geteuid(), mode);
  }

  TemporaryDirectory directory;
  std::string folder = directory / "folder";
  std::string file = folder + "/file";
};

class TrustedPathOfRoot : public TrustedPath {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files to other users";
  }
};

TEST_F(TrustedPath, IsResolved) {
  EXPECT_EQ(check(file), file);
  EXPECT_EQ(check(folder + "//./../folder/file"), file);
  EXPECT_EQ(check(link("folder", directory / "a") + "/file"), file);
  EXPECT_EQ(check(link("../a/file", folder + "/b")), file);
  EXPECT_EQ(check(link(folder + "/b", directory / "c")), file);
  EXPECT_EQ(check("/"), "/");
  EXPECT_EQ(check("/../usr"), "/usr");
}

TEST_F(TrustedPath, MayBeRelative) {
  const int before = ::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::filesystem::current_path(folder);
  EXPECT_EQ(check("file"), file);
  EXPECT_EQ(check("../folder/file"), file);
  EXPECT_EQ(::fchdir(before), 0);
  ::close(before);
}

TEST_F(TrustedPath, MustExist) {
  for (const std::string& path : {folder + "/none", folder + "/none/file", std::string()}) {
    const auto trusted = trusted_path(path);
    ASSERT_FALSE(trusted);
    EXPECT_EQ(trusted.error().system, std::errc::no_such_file_or_directory);
  }
  EXPECT_EQ(check(folder + "/none"),
            "cannot reach '" + folder + "/none': No such file or directory");
  EXPECT_EQ(check(file + "/x"), "cannot reach '" + file + "/x': Not a directory");
  link("loop", directory / "loop");
  EXPECT_EQ(check(directory / "loop"),
            "cannot reach '" + directory / "loop" + "': Too many levels of symbolic links");
}

TEST_F(TrustedPath, RefusesAFileThatOthersCanWrite) {
  chmod(file, 0775);
  EXPECT_EQ(check(file), writable(file, "0775"));
  chmod(file, 0757);
  EXPECT_EQ(check(file), writable(file, "0757"));
  chmod(file, 01777);  // means nothing for a file
  EXPECT_EQ(check(file), writable(file, "1777"));
  EXPECT_EQ(check(link(file, directory / "a")), writable(file, "1777"));
}

TEST_F(TrustedPath, RefusesADirectoryThatOthersCanWriteUnlessItIsSticky) {
  chmod(folder, 0775);
  EXPECT_EQ(check(file), writable(folder, "0775"));
  chmod(folder, 0757);
  EXPECT_EQ(check(file), writable(folder, "0757"));
  chmod(folder, 01775);
  EXPECT_EQ(check(file), file);
}

TEST_F(TrustedPath, RefusesAnyDirectoryOnThePath) {
  std::filesystem::create_directory(directory / "linked");
  std::filesystem::create_directory(folder + "/deep");
  directory.file("folder/deep/file", "");
  chmod(folder + "/deep/file", 0644);
  const std::string path = link("../folder/deep", directory / "linked/a") + "/file";
  EXPECT_EQ(check(path), folder + "/deep/file");
  chmod(directory / "linked", 0777);
  EXPECT_EQ(check(path), writable(directory / "linked", "0777"));
  chmod(directory / "linked", 0700);
  chmod(folder, 0777);
  EXPECT_EQ(check(path), writable(folder, "0777"));
}

TEST_F(TrustedPathOfRoot, RefusesTheFileOfAnotherUser) {
  chown(file, 61001);
  EXPECT_EQ(check(file), "'" + file +
                             "' has the owner 61001 and the mode 0755, but it must belong to root; "
                             "correct it with `chown -h root:root '" +
                             file + "'`");
  chmod(file, 0666);
  EXPECT_EQ(check(file), "'" + file +
                             "' has the owner 61001 and the mode 0666, but it must belong to root; "
                             "correct it with `chown -h root:root '" +
                             file + "'` and `chmod go-w '" + file + "'`");
}

TEST_F(TrustedPathOfRoot, RefusesTheDirectoryOrLinkOfAnotherUserEvenWhereItIsSticky) {
  chown(folder, 61001);
  EXPECT_TRUE(check(file).starts_with("'" + folder + "' has the owner 61001"));
  chown(folder, 0);
  chmod(folder, 01777);
  const std::string path = link("file", folder + "/a");
  EXPECT_EQ(check(path), file);
  chown(path, 61001);
  EXPECT_TRUE(check(path).starts_with("'" + path + "' has the owner 61001"));
}

}  // namespace
}  // namespace bellhop::platform
