// SPDX-License-Identifier: Apache-2.0
// A user changes the home directory while the agent works in it.
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <map>
#include <vector>

#include "platform/accounts/authorized_keys_file.h"
#include "unit/platform/accounts/authorized_keys_fixture.h"

namespace bellhop::platform {
namespace {

using Checkpoint = AuthorizedKeysFile::Checkpoint;

constexpr std::array all_checkpoints{
    Checkpoint::opened_home, Checkpoint::opened_directory, Checkpoint::opened_file,
    Checkpoint::read_file,   Checkpoint::made_directory,   Checkpoint::created_file,
    Checkpoint::wrote_file,  Checkpoint::compared_version, Checkpoint::renamed_file};

class HostileUser : public testing::AuthorizedKeysTest {
 protected:
  struct Attack {
    const char* name;
    std::function<void()> run;
  };

  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "requires root, to act as another user";
    before_ = files_outside();
  }

  // Creates the user's files again.
  void reset() {
    std::filesystem::remove_all(parent);
    make_directory(parent, 0755);
    make_directory(home, 0755);
    keys("old key\n");
    // The user cannot create these where protected_hardlinks is set.
    ASSERT_EQ(::link((outside + "/public").c_str(), (home + "/hard").c_str()), 0);
    ASSERT_EQ(::link((outside + "/private").c_str(), (home + "/harder").c_str()), 0);
    ASSERT_EQ(::link((outside + "/authorized_keys").c_str(), (home + "/hardest").c_str()), 0);
  }

  // An attack runs as the user: between two steps in the agent's child process, or in a separate
  // process. Only system calls.
  std::vector<Attack> attacks() const {
    return {
        {"links .ssh to another directory", [this] { swap(ssh, "/old-ssh", outside); }},
        {"links .ssh to a directory of root",
         [this] { swap(ssh, "/old-ssh", outside + "/roots"); }},
        {"links the file to a file without other names",
         [this] { swap(path, "/old", outside + "/roots/authorized_keys"); }},
        {"links .ssh to the root", [this] { swap(ssh, "/old-ssh", "/"); }},
        {"links the home to another directory", [this] { swap(home, "/../old-home", outside); }},
        {"links the file to a readable one", [this] { swap(path, "/old", outside + "/public"); }},
        {"links the file to a private one", [this] { swap(path, "/old", outside + "/private"); }},
        {"links the file to another user's",
         [this] { swap(path, "/x", outside + "/authorized_keys"); }},
        {"replaces the file by a hard link to a readable one",
         [this] { put(home + "/hard", path); }},
        {"replaces the file by a hard link to a private one",
         [this] { put(home + "/harder", path); }},
        {"replaces the file by a hard link to another user's",
         [this] { put(home + "/hardest", path); }},
        {"replaces the file by a FIFO",
         [this] {
           ::unlink(path.c_str());
           ::mkfifo(path.c_str(), 0600);
         }},
        {"replaces the file by a directory",
         [this] {
           ::unlink(path.c_str());
           ::mkdir(path.c_str(), 0700);
         }},
        {"removes everything",
         [this] {
           ::unlink(path.c_str());
           ::rmdir(ssh.c_str());
         }},
        {"links the new file to a readable one",
         [this] { replace_new_files(outside + "/public"); }},
        {"links the new file to another user's",
         [this] { replace_new_files(outside + "/authorized_keys"); }},
    };
  }

  // Renames `what` to `aside` in the home, and creates a link to `target` in its place.
  void swap(const std::string& what, const std::string& aside, const std::string& target) const {
    ::rename(what.c_str(), (home + aside).c_str());
    ::symlink(target.c_str(), what.c_str());
  }
  static void put(const std::string& what, const std::string& where) {
    ::unlink(where.c_str());
    ::rename(what.c_str(), where.c_str());
  }
  void replace_new_files(const std::string& target) const {
    DIR* stream = ::opendir(ssh.c_str());
    if (!stream) return;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      if (!name.starts_with("authorized_keys.")) continue;
      ::unlink((ssh + "/" + name).c_str());
      ::symlink(target.c_str(), (ssh + "/" + name).c_str());
    }
    ::closedir(stream);
  }

  // Status and content of all files of other users.
  std::map<std::string, std::string> files_outside() const {
    std::map<std::string, std::string> all;
    all[outside] = state(outside);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(outside)) {
      all[entry.path()] = state(entry.path());
      if (S_ISREG(mode(entry.path()))) all[entry.path()] += content(entry.path());
    }
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      all[entry.path()];
    }
    return all;
  }
  static std::string state(const std::string& name) {
    struct stat status{};
    ::lstat(name.c_str(), &status);
    return fmt::format("{} {:o} {} {} {} {}.{} ", status.st_ino, status.st_mode, status.st_uid,
                       status.st_gid, status.st_size, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec);
  }

  void expect_no_change_outside(const std::string& during) const {
    EXPECT_EQ(files_outside(), before_) << during;
  }
  static void expect_no_secret(const Result<AuthorizedKeysContent>& read,
                               const std::string& during) {
    EXPECT_EQ(read ? read->text.find("secret") : std::string::npos, std::string::npos) << during;
  }

  // Reads the file, and replaces the version that was read.
  void read_and_replace(const AuthorizedKeysFile& keys_file, const std::string& during) const {
    const auto read = keys_file.read();
    expect_no_secret(read, during);
    [[maybe_unused]] const auto replaced =
        keys_file.replace("new key", read ? read->version : FileVersion{});
  }

  std::map<std::string, std::string> before_;
};

TEST_F(HostileUser, GainsNothingByOneAttackBetweenAnyTwoSteps) {
  for (const Attack& attack : attacks()) {
    for (const Checkpoint checkpoint : all_checkpoints) {
      const std::string during =
          fmt::format("{} after checkpoint {}", attack.name, static_cast<int>(checkpoint));
      const auto attacked = file([&](Checkpoint at) {
        if (at == checkpoint) attack.run();
      });
      reset();
      read_and_replace(attacked, during);
      expect_no_change_outside(during);
      reset();
      [[maybe_unused]] const auto replaced = attacked.replace("new key", std::nullopt);
      expect_no_change_outside(during);
      reset();
      std::filesystem::remove_all(ssh);
      read_and_replace(attacked, during + ", at first without .ssh");
      expect_no_change_outside(during);
    }
  }
}

TEST_F(HostileUser, GainsNothingByTwoAttacks) {
  // Otherwise the second attack itself could write through the link of the first.
  ::chmod(outside.c_str(), 0755);
  before_ = files_outside();
  for (const Attack& first : attacks()) {
    for (const Attack& second : attacks()) {
      const std::string during = fmt::format("{}, then {}", first.name, second.name);
      const auto attacked = file([&](Checkpoint at) {
        if (at == Checkpoint::opened_home || at == Checkpoint::created_file) first.run();
        if (at == Checkpoint::opened_directory || at == Checkpoint::compared_version) second.run();
      });
      reset();
      read_and_replace(attacked, during);
      expect_no_change_outside(during);
    }
  }
}

TEST_F(HostileUser, CannotMakeAFailedReplacementLookSuccessful) {
  reset();
  const auto attacked = file([this](Checkpoint at) {
    if (at == Checkpoint::compared_version) replace_new_files(outside + "/public");
  });
  const auto replaced = attacked.replace("new key", std::nullopt);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().message,
            fmt::format("failed to write to '{}': something else was put in its place", path));
}

TEST_F(HostileUser, GainsNothingByARace) {
  reset();
  const auto account = user();
  const auto all = attacks();
  const pid_t racer = ::fork();
  if (racer == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(account.group_id) != 0 ||
        ::setuid(account.user_id) != 0) {
      ::_exit(1);
    }
    for (;;) {
      for (const Attack& attack : all) {
        attack.run();
        // Partly undoes the attack, so that the agent sometimes reaches later steps.
        ::unlink(ssh.c_str());
        ::rename((home + "/old-ssh").c_str(), ssh.c_str());
        ::unlink(home.c_str());
        ::rename((parent + "/old-home").c_str(), home.c_str());
        ::mkdir(ssh.c_str(), 0700);
        ::unlink(path.c_str());
        ::rmdir(path.c_str());
        ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      }
    }
  }
  ASSERT_GT(racer, 0);
  int read = 0;
  int replaced = 0;
  for (int round = 0; round < 100; ++round) {
    const auto found = file().read();
    expect_no_secret(found, "a race");
    read += found.has_value();
    const auto done =
        file().replace("new key", found ? std::optional(found->version) : std::nullopt);
    replaced += done && *done;
  }
  ::kill(racer, SIGKILL);
  ::waitpid(racer, nullptr, 0);
  expect_no_change_outside("a race");
  RecordProperty("read", read);
  RecordProperty("replaced", replaced);
}

}  // namespace
}  // namespace bellhop::platform
