// SPDX-License-Identifier: Apache-2.0
// A home directory for tests of authorized_keys, and files of other users outside it.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "platform/accounts/authorized_keys_file.h"
#include "unit/temporary_directory.h"

namespace bellhop::testing {

// The user "alice" has the id alice_id if root runs the test, otherwise the id of the user who runs
// it. The directory `outside` has files of other users; their content begins with "secret".
class AuthorizedKeysTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t alice_id = 61001;
  static constexpr std::uint32_t other_user = 61002;

  AuthorizedKeysTest() {
    ::chmod(directory.path().c_str(), 0755);
    make_directory(parent, 0755);
    make_directory(home, 0755);
    make_others();
  }

  static bool is_root() { return ::geteuid() == 0; }

  platform::UserAccount user() const {
    const std::uint32_t id = is_root() ? alice_id : ::geteuid();
    const std::uint32_t group = is_root() ? alice_id : ::getegid();
    return {.name = "alice", .user_id = id, .group_id = group, .groups = {group}, .home = home};
  }

  platform::AuthorizedKeysFile file(platform::AuthorizedKeysFile::Hook hook = {}) const {
    return platform::AuthorizedKeysFile(user(), std::chrono::minutes(1), std::move(hook));
  }

  // Makes the user the owner.
  void give(const std::string& name) const {
    if (!is_root()) return;
    ASSERT_EQ(::lchown(name.c_str(), alice_id, alice_id), 0);
  }
  void make_directory(const std::string& name, mode_t permissions = 0700) const {
    ::mkdir(name.c_str(), permissions);
    ::chmod(name.c_str(), permissions);
    give(name);
  }
  void write(const std::string& name, std::string_view text, mode_t permissions = 0600) const {
    std::ofstream(name, std::ios::binary) << text;
    ::chmod(name.c_str(), permissions);
    give(name);
  }
  // Creates authorized_keys.
  void keys(std::string_view text) const {
    make_directory(ssh);
    write(path, text);
  }
  static std::string content(const std::string& name) {
    std::ifstream stream(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static mode_t mode(const std::string& name) {
    struct stat status{};
    return ::lstat(name.c_str(), &status) == 0 ? status.st_mode : 0;
  }
  // The number of other files in .ssh.
  int leftovers() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(ssh)) {
      count += entry.path().filename() != "authorized_keys";
    }
    return count;
  }

  std::string error_of_read() const {
    const auto read = file().read();
    return read ? "no error" : read.error().message;
  }

  TemporaryDirectory directory;
  std::string parent = directory / "of-alice";  // the user's, so that the home can be replaced
  std::string home = parent + "/home";
  std::string ssh = home + "/.ssh";
  std::string path = ssh + "/authorized_keys";
  std::string outside = directory / "outside";

 private:
  // Files of other users, in a directory that all users may write to.
  void make_others() const {
    ::mkdir(outside.c_str(), 0777);
    ::chmod(outside.c_str(), 0777);
    write(outside + "/private", "secret of root", 0600);
    write(outside + "/public", "secret that all users can read", 0644);
    write(outside + "/authorized_keys", "secret keys of another user", 0666);
    ::mkdir((outside + "/roots").c_str(), 0755);
    write(outside + "/roots/authorized_keys", "secret keys of root", 0644);
    if (!is_root()) return;
    for (const char* name : {"/private", "/public", "/roots/authorized_keys"}) {
      ASSERT_EQ(::chown((outside + name).c_str(), 0, 0), 0);
    }
    ASSERT_EQ(::chown((outside + "/authorized_keys").c_str(), other_user, other_user), 0);
    ASSERT_EQ(::chown(outside.c_str(), other_user, other_user), 0);
  }
};

}  // namespace bellhop::testing
