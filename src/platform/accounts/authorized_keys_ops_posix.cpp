#include "platform/accounts/authorized_keys_ops_posix.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/io/io_posix.h"

namespace bellhop::platform {
namespace {

using Checkpoint = AuthorizedKeysFile::Checkpoint;

// Some filesystems do not support fsync(); there is nothing to do for them.
bool sync(const Handle& fd) {
  return ::fsync(fd.get()) == 0 || errno == EINVAL || errno == ENOTSUP;
}

}  // namespace

bool AuthorizedKeysOps::read(char* content) {
  if (!open_home() || !open_directory()) return false;
  Opened file = open_file(directory_, keys_file_name, user_);
  if (!take(file, KeysStep::file)) return false;
  reached(Checkpoint::opened_file);
  struct stat status;
  if (::fstat(file.fd.get(), &status) != 0) return fail(KeysStep::file, errno);
  outcome_.version = version_of(status);
  if (!read_all(file.fd, content)) return false;
  reached(Checkpoint::read_file);
  return true;
}

bool AuthorizedKeysOps::replace(std::string_view content, const char* new_name, gid_t group,
                                const FileVersion* expected) {
  if (!open_home() || !(make_directory() && open_directory())) return false;
  Handle file(::openat(directory_.get(), new_name,
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail(KeysStep::create, errno);
  const bool replaced = write(file, content, group) && rename(file, new_name, expected);
  if (!replaced) ::unlinkat(directory_.get(), new_name, 0);
  return replaced;
}

void AuthorizedKeysOps::reached(Checkpoint checkpoint) {
  if (hook_) hook_(checkpoint);
}

bool AuthorizedKeysOps::refuse(KeysStep step, OpenRefusal refusal, int error) {
  outcome_.step = step;
  outcome_.refusal = refusal;
  outcome_.error = error;
  return false;
}

bool AuthorizedKeysOps::take(const Opened& opened, KeysStep step) {
  return opened.refusal == OpenRefusal::none || refuse(step, opened.refusal, opened.error);
}

bool AuthorizedKeysOps::open_home() {
  Opened home = platform::open_home(home_path_, user_);
  if (!take(home, KeysStep::home)) return false;
  home_ = std::move(home.fd);
  reached(Checkpoint::opened_home);
  return true;
}

bool AuthorizedKeysOps::open_directory() {
  Opened directory = platform::open_directory(home_, keys_directory_name, user_);
  if (!take(directory, KeysStep::directory)) return false;
  directory_ = std::move(directory.fd);
  reached(Checkpoint::opened_directory);
  return true;
}

bool AuthorizedKeysOps::make_directory() {
  struct stat status;
  if (::fstatat(home_.get(), keys_directory_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode))) {
    return true;  // open_directory() refuses a link
  }
  if (::mkdirat(home_.get(), keys_directory_name, 0700) != 0)
    return fail(KeysStep::make_directory, errno);
  reached(Checkpoint::made_directory);
  return true;
}

bool AuthorizedKeysOps::read_all(const Handle& file, char* content) {
  const ssize_t count = read_full(file.get(), content, AuthorizedKeysFile::max_size + 1);
  if (count < 0) return fail(KeysStep::file, errno);
  const auto size = static_cast<std::size_t>(count);
  if (size > AuthorizedKeysFile::max_size) return refuse(KeysStep::file, OpenRefusal::too_large);
  outcome_.size = size;
  return true;
}

bool AuthorizedKeysOps::write(const Handle& file, std::string_view content, gid_t group) {
  reached(Checkpoint::created_file);
  struct stat status;
  if (::fstat(file.get(), &status) == 0 && status.st_gid != group) {
    // A setgid directory gives its own group to new files. A failure has no effect: mode 0600.
    [[maybe_unused]] const int ignored = ::fchown(file.get(), static_cast<uid_t>(-1), group);
  }
  if (::fchmod(file.get(), 0600) != 0) return fail(KeysStep::write, errno);
  if (const int reason = write_all(file.get(), content)) return fail(KeysStep::write, reason);
  if (!sync(file)) return fail(KeysStep::write, errno);
  reached(Checkpoint::wrote_file);
  return true;
}

bool AuthorizedKeysOps::rename(const Handle& file, const char* new_name,
                               const FileVersion* expected) {
  if (expected && version_at(directory_, keys_file_name) != *expected) {
    return refuse(KeysStep::rename, OpenRefusal::changed);
  }
  reached(Checkpoint::compared_version);
  if (::renameat(directory_.get(), new_name, directory_.get(), keys_file_name) != 0) {
    return fail(KeysStep::rename, errno);
  }
  reached(Checkpoint::renamed_file);
  if (!has_name(file)) return refuse(KeysStep::rename, OpenRefusal::taken_away);
  const Handle directory(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) ::fsync(directory.get());
  return true;
}

// Whether the name still refers to the file that was written.
bool AuthorizedKeysOps::has_name(const Handle& file) const {
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return false;
  const FileVersion mine = version_of(status);
  const FileVersion named = version_at(directory_, keys_file_name);
  return named.exists && named.device == mine.device && named.inode == mine.inode;
}

}  // namespace bellhop::platform
