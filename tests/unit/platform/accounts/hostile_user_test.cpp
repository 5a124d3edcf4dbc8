// A user who changes what lies in the home directory while the agent works in it.
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
    if (!is_root()) GTEST_SKIP() << "a user who is not the one that runs the tests needs root";
    before_ = everything_outside();
  }

  // What the user starts from, made anew.
  void start_over() {
    std::filesystem::remove_all(parent);
    make_directory(parent, 0755);
    make_directory(home, 0755);
    keys("old key\n");
    // Systems with protected_hardlinks do not let the user make these.
    ASSERT_EQ(::link((outside + "/public").c_str(), (home + "/hard").c_str()), 0);
    ASSERT_EQ(::link((outside + "/private").c_str(), (home + "/harder").c_str()), 0);
    ASSERT_EQ(::link((outside + "/authorized_keys").c_str(), (home + "/hardest").c_str()), 0);
  }

  // Each is done with the user's rights: between two steps in the child process itself, or by a
  // process of the user's. System calls only.
  std::vector<Attack> attacks() const {
    return {
        {"links .ssh to another directory", [this] { swap(ssh, "/old-ssh", outside); }},
        {"links .ssh to a directory of root's",
         [this] { swap(ssh, "/old-ssh", outside + "/roots"); }},
        {"links the file to the only name of one",
         [this] { swap(path, "/old", outside + "/roots/authorized_keys"); }},
        {"links .ssh to the root", [this] { swap(ssh, "/old-ssh", "/"); }},
        {"links the home to another directory", [this] { swap(home, "/../old-home", outside); }},
        {"links the file to a readable one", [this] { swap(path, "/old", outside + "/public"); }},
        {"links the file to a private one", [this] { swap(path, "/old", outside + "/private"); }},
        {"links the file to somebody's",
         [this] { swap(path, "/x", outside + "/authorized_keys"); }},
        {"gives the file another name", [this] { put(home + "/hard", path); }},
        {"names a private file", [this] { put(home + "/harder", path); }},
        {"names somebody's file", [this] { put(home + "/hardest", path); }},
        {"makes the file a pipe",
         [this] {
           ::unlink(path.c_str());
           ::mkfifo(path.c_str(), 0600);
         }},
        {"makes the file a directory",
         [this] {
           ::unlink(path.c_str());
           ::mkdir(path.c_str(), 0700);
         }},
        {"removes all",
         [this] {
           ::unlink(path.c_str());
           ::rmdir(ssh.c_str());
         }},
        {"links the new file away", [this] { each_new_file(outside + "/public"); }},
        {"links the new file to somebody's",
         [this] { each_new_file(outside + "/authorized_keys"); }},
    };
  }

  // Puts a link in the place of something.
  void swap(const std::string& what, const std::string& aside, const std::string& target) const {
    ::rename(what.c_str(), (home + aside).c_str());
    ::symlink(target.c_str(), what.c_str());
  }
  static void put(const std::string& what, const std::string& where) {
    ::unlink(where.c_str());
    ::rename(what.c_str(), where.c_str());
  }
  void each_new_file(const std::string& target) const {
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

  // Content and state of everything that is not the user's.
  std::map<std::string, std::string> everything_outside() const {
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

  void expect_nothing_happened_outside(const std::string& during) const {
    EXPECT_EQ(everything_outside(), before_) << during;
  }
  static void expect_own(const Result<AuthorizedKeysContent>& read, const std::string& during) {
    EXPECT_EQ(read ? read->text.find("secret") : std::string::npos, std::string::npos) << during;
  }

  // Reads, and replaces in both ways.
  void use(const AuthorizedKeysFile& used, const std::string& during) const {
    const auto read = used.read();
    expect_own(read, during);
    [[maybe_unused]] const auto replaced =
        used.replace("new key", read ? read->version : FileVersion{});
  }

  std::map<std::string, std::string> before_;
};

TEST_F(HostileUser, GainsNothingByAChangeBetweenAnyTwoSteps) {
  for (const Attack& attack : attacks()) {
    for (const Checkpoint checkpoint : all_checkpoints) {
      const std::string during =
          fmt::format("{} after checkpoint {}", attack.name, static_cast<int>(checkpoint));
      const auto attacked = file([&](Checkpoint at) {
        if (at == checkpoint) attack.run();
      });
      start_over();
      use(attacked, during);
      expect_nothing_happened_outside(during);
      start_over();
      [[maybe_unused]] const auto replaced = attacked.replace("new key", std::nullopt);
      expect_nothing_happened_outside(during);
      start_over();
      std::filesystem::remove_all(ssh);
      use(attacked, during + ", at first without .ssh");
      expect_nothing_happened_outside(during);
    }
  }
}

TEST_F(HostileUser, GainsNothingByTwoChanges) {
  // Else the user's own second change could go through the link that the first one made.
  ::chmod(outside.c_str(), 0755);
  before_ = everything_outside();
  for (const Attack& first : attacks()) {
    for (const Attack& second : attacks()) {
      const std::string during = fmt::format("{}, then {}", first.name, second.name);
      const auto attacked = file([&](Checkpoint at) {
        if (at == Checkpoint::opened_home || at == Checkpoint::created_file) first.run();
        if (at == Checkpoint::opened_directory || at == Checkpoint::compared_version) second.run();
      });
      start_over();
      use(attacked, during);
      expect_nothing_happened_outside(during);
    }
  }
}

TEST_F(HostileUser, DoesNotMakeAReplacementSeemDoneThatIsNot) {
  start_over();
  const auto attacked = file([this](Checkpoint at) {
    if (at == Checkpoint::compared_version) each_new_file(outside + "/public");
  });
  const auto replaced = attacked.replace("new key", std::nullopt);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().message,
            fmt::format("failed to write to '{}': something else was put in its place", path));
}

TEST_F(HostileUser, GainsNothingByARace) {
  start_over();
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
        // Some of what there was before, so that the agent gets further at times.
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
    expect_own(found, "a race");
    read += found.has_value();
    const auto done =
        file().replace("new key", found ? std::optional(found->version) : std::nullopt);
    replaced += done && *done;
  }
  ::kill(racer, SIGKILL);
  ::waitpid(racer, nullptr, 0);
  expect_nothing_happened_outside("a race");
  RecordProperty("read", read);
  RecordProperty("replaced", replaced);
}

}  // namespace
}  // namespace bellhop::platform
