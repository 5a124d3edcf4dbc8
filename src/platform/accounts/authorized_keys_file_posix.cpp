// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <random>
#include <utility>

#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/safe_open_posix.h"
#include "platform/io/io_posix.h"
#include "platform/process/run_as_user.h"
#include "platform/process/shared_memory_posix.h"

namespace bellhop::platform {
namespace {

using Checkpoint = AuthorizedKeysFile::Checkpoint;

constexpr const char* directory_name = ".ssh";
constexpr const char* file_name = "authorized_keys";

// The step at which something was refused.
enum class Step { home, directory, file, make_directory, create, write, rename };

// The child's result, in memory shared with the agent.
struct Outcome {
  Step step;
  OpenRefusal refusal;
  int error;
  FileVersion version;
  std::size_t size;  // of the content
};

// The work in a user's home directory, done by a child process with that user's rights. Makes only
// system calls. Functions that return false have recorded the reason in the outcome.
class Work {
 public:
  // Keeps references: the arguments must outlive this object.
  Work(Outcome& outcome, const UserAccount& user, const AuthorizedKeysFile::Hook& hook)
      : outcome_(outcome), user_(user), hook_(hook) {}

  // Reads the file into `content`, a buffer of AuthorizedKeysFile::max_size + 1 bytes.
  bool read(char* content) {
    if (!open_home() || !open_directory()) return false;
    const Opened file = open_file(directory_, file_name, user_.user_id);
    if (!check(file, Step::file)) return false;
    reached(Checkpoint::opened_file);
    struct stat status;
    if (::fstat(file.fd.get(), &status) != 0) return fail(Step::file, errno);
    outcome_.version = version_of(status);
    const ssize_t size = read_full(file.fd.get(), content, AuthorizedKeysFile::max_size + 1);
    if (size < 0) return fail(Step::file, errno);
    outcome_.size = static_cast<std::size_t>(size);
    if (outcome_.size > AuthorizedKeysFile::max_size) {
      return refuse(Step::file, OpenRefusal::too_large);
    }
    reached(Checkpoint::read_file);
    return true;
  }

  // Writes a new file `new_name` and renames it over the old one; with `expected`, only if the old
  // one still has that version.
  bool replace(std::string_view content, const char* new_name, const FileVersion* expected) {
    if (!open_home() || !make_directory() || !open_directory()) return false;
    const Handle file(::openat(directory_.get(), new_name,
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail(Step::create, errno);
    const bool replaced = write(file, content) && rename(file, new_name, expected);
    if (!replaced) ::unlinkat(directory_.get(), new_name, 0);
    return replaced;
  }

 private:
  void reached(Checkpoint checkpoint) {
    if (hook_) hook_(checkpoint);
  }

  bool refuse(Step step, OpenRefusal refusal, int error = 0) {
    outcome_.step = step;
    outcome_.refusal = refusal;
    outcome_.error = error;
    return false;
  }

  bool fail(Step step, int error) { return refuse(step, OpenRefusal::system, error); }

  bool check(const Opened& opened, Step step) {
    return opened.refusal == OpenRefusal::none || refuse(step, opened.refusal, opened.error);
  }

  bool open_home() {
    Opened home = platform::open_home(user_.home.c_str(), user_.user_id);
    if (!check(home, Step::home)) return false;
    home_ = std::move(home.fd);
    reached(Checkpoint::opened_home);
    return true;
  }

  bool open_directory() {
    Opened directory = platform::open_directory(home_, directory_name, user_.user_id);
    if (!check(directory, Step::directory)) return false;
    directory_ = std::move(directory.fd);
    reached(Checkpoint::opened_directory);
    return true;
  }

  bool make_directory() {
    struct stat status;
    if (::fstatat(home_.get(), directory_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode))) {
      return true;  // open_directory() refuses a link
    }
    if (::mkdirat(home_.get(), directory_name, 0700) != 0) {
      return fail(Step::make_directory, errno);
    }
    reached(Checkpoint::made_directory);
    return true;
  }

  bool write(const Handle& file, std::string_view content) {
    reached(Checkpoint::created_file);
    struct stat status;
    if (::fstat(file.get(), &status) == 0 && status.st_gid != user_.group_id) {
      // A setgid directory gives its own group to new files. A failure has no effect: mode 0600.
      [[maybe_unused]] const int ignored =
          ::fchown(file.get(), static_cast<uid_t>(-1), user_.group_id);
    }
    if (::fchmod(file.get(), 0600) != 0) return fail(Step::write, errno);
    if (const int reason = write_all(file.get(), content)) return fail(Step::write, reason);
    // Some filesystems do not support fsync(); there is nothing to do for them.
    if (::fsync(file.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
      return fail(Step::write, errno);
    }
    reached(Checkpoint::wrote_file);
    return true;
  }

  bool rename(const Handle& file, const char* new_name, const FileVersion* expected) {
    if (expected && version_at(directory_, file_name) != *expected) {
      return refuse(Step::rename, OpenRefusal::changed);
    }
    reached(Checkpoint::compared_version);
    if (::renameat(directory_.get(), new_name, directory_.get(), file_name) != 0) {
      return fail(Step::rename, errno);
    }
    reached(Checkpoint::renamed_file);
    if (!has_name(file)) return refuse(Step::rename, OpenRefusal::taken_away);
    const Handle directory(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory) ::fsync(directory.get());
    return true;
  }

  // Whether the name still refers to the file that was written.
  bool has_name(const Handle& file) const {
    struct stat status;
    if (::fstat(file.get(), &status) != 0) return false;
    const FileVersion mine = version_of(status);
    const FileVersion named = version_at(directory_, file_name);
    return named.exists && named.device == mine.device && named.inode == mine.inode;
  }

  Outcome& outcome_;
  const UserAccount& user_;
  const AuthorizedKeysFile::Hook& hook_;
  Handle home_;
  Handle directory_;
};

std::string random_name() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  std::random_device random;
  std::string name = fmt::format("{}.", file_name);
  for (int i = 0; i < 12; ++i) name += letters[random() % letters.size()];
  return name;
}

// The reason of a refusal, as text.
std::string reason(const Outcome& outcome) {
  switch (outcome.refusal) {
    case OpenRefusal::link:
      return "it is a symbolic link";
    case OpenRefusal::not_regular:
      return "it is not a regular file";
    case OpenRefusal::directory:
      return "Is a directory";
    case OpenRefusal::wrong_owner:
      return "it belongs to somebody else";
    case OpenRefusal::hard_link:
      return "it is another name of a file of root's";
    case OpenRefusal::too_large:
      return fmt::format("it is larger than {} MiB", AuthorizedKeysFile::max_size >> 20);
    case OpenRefusal::taken_away:
      return "something else was put in its place";
    case OpenRefusal::none:
    case OpenRefusal::changed:
    case OpenRefusal::system:
      break;
  }
  return std::error_code(outcome.error, std::generic_category()).message();
}

// The reason with what it is about: qemu-ga's wording, which is partly GLib's.
std::string read_failure(const Outcome& outcome, const AuthorizedKeysFile& file) {
  std::string why = reason(outcome);
  if (outcome.refusal == OpenRefusal::system) {
    return fmt::format("Failed to open file “{}”: {}", file.path(), why);
  }
  if (outcome.refusal == OpenRefusal::directory) {
    return fmt::format("Error reading file “{}”: {}", file.path(), why);
  }
  if (outcome.step == Step::file) return why;
  return fmt::format("'{}': {}", outcome.step == Step::home ? file.user().home : file.directory(),
                     why);
}

std::string write_failure(const Outcome& outcome, const AuthorizedKeysFile& file,
                          const std::string& new_name) {
  std::string why = reason(outcome);
  const bool by_system = outcome.refusal == OpenRefusal::system;
  if (outcome.step == Step::home && !by_system) {
    return fmt::format("'{}': {}", file.user().home, why);
  }
  if (outcome.step == Step::directory) return fmt::format("'{}': {}", file.directory(), why);
  if (outcome.step == Step::create) {
    return fmt::format("Failed to create file “{}/{}”: {}", file.directory(), new_name, why);
  }
  if (outcome.step == Step::rename && by_system) {
    return fmt::format("Failed to rename file “{}/{}” to “{}”: {}", file.directory(), new_name,
                       file.path(), why);
  }
  return why;
}

std::unexpected<Error> failed(const Outcome& outcome, const std::string& what,
                              const std::string& path, const std::string& why) {
  Error error{ErrorCode::failed, fmt::format("failed to {} '{}': {}", what, path, why)};
  if (outcome.refusal == OpenRefusal::system) {
    error.system = std::error_code(outcome.error, std::generic_category());
  }
  return std::unexpected(std::move(error));
}

}  // namespace

AuthorizedKeysFile::AuthorizedKeysFile(UserAccount user, std::chrono::milliseconds limit, Hook hook)
    : user_(std::move(user)),
      limit_(limit),
      hook_(std::move(hook)),
      directory_(
          fmt::format("{}{}{}", user_.home, user_.home.ends_with('/') ? "" : "/", directory_name)),
      path_(fmt::format("{}/{}", directory_, file_name)) {}

Result<AuthorizedKeysContent> AuthorizedKeysFile::read() const {
  TRY_ASSIGN(auto memory, share_memory(sizeof(Outcome) + max_size + 1));
  Outcome& outcome = *new (memory.get()) Outcome{};
  char* content = static_cast<char*>(memory.get()) + sizeof(Outcome);
  Work work(outcome, user_, hook_);
  TRY(run_as_user(user_, limit_, [&] { work.read(content); }));
  if (outcome.refusal != OpenRefusal::none) {
    return failed(outcome, "read", path_, read_failure(outcome, *this));
  }
  return AuthorizedKeysContent{.text = {content, std::min(outcome.size, max_size)},
                               .version = outcome.version};
}

Result<bool> AuthorizedKeysFile::replace(std::string_view content,
                                         const std::optional<FileVersion>& expected) const {
  TRY_ASSIGN(auto memory, share_memory(sizeof(Outcome)));
  Outcome& outcome = *new (memory.get()) Outcome{};
  const std::string new_name = random_name();
  Work work(outcome, user_, hook_);
  TRY(run_as_user(user_, limit_, [&] {
    work.replace(content, new_name.c_str(), expected ? &*expected : nullptr);
  }));
  if (outcome.refusal == OpenRefusal::none) return true;
  if (outcome.refusal == OpenRefusal::changed) return false;
  if (outcome.step == Step::make_directory ||
      (outcome.step == Step::home && outcome.refusal == OpenRefusal::system)) {
    return failed(outcome, "create directory", directory_, reason(outcome));
  }
  return failed(outcome, "write to", path_, write_failure(outcome, *this, new_name));
}

}  // namespace bellhop::platform
