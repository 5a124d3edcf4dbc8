#include "platform/posix/authorized_keys_work.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace bellhop::platform {
namespace {

using Step = AuthorizedKeysFile::Step;
using Place = KeysPlace;

// Some filesystems have nothing to do for it.
bool sync(const UniqueFd& fd) {
  return ::fsync(fd.get()) == 0 || errno == EINVAL || errno == ENOTSUP;
}

}  // namespace

bool AuthorizedKeysWork::read(char* content) {
  if (!open_home() || !open_folder()) return false;
  Opened file = open_file(folder_, keys_file_name, user_);
  if (!take(file, Place::file)) return false;
  done(Step::opened_file);
  struct stat status;
  if (::fstat(file.fd.get(), &status) != 0) return fail(Place::file, errno);
  outcome_.version = version_of(status);
  if (!read_all(file.fd, content)) return false;
  done(Step::read_file);
  return true;
}

bool AuthorizedKeysWork::replace(std::string_view content, const char* new_name, gid_t group,
                                 const FileVersion* expected) {
  if (!open_home() || !(make_folder() && open_folder())) return false;
  UniqueFd file(::openat(folder_.get(), new_name,
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail(Place::create, errno);
  const bool replaced = write(file, content, group) && rename(file, new_name, expected);
  if (!replaced) ::unlinkat(folder_.get(), new_name, 0);
  return replaced;
}

void AuthorizedKeysWork::done(Step step) {
  if (hook_) hook_(step);
}

bool AuthorizedKeysWork::refuse(Place place, Refusal refusal, int error) {
  outcome_.place = place;
  outcome_.refusal = refusal;
  outcome_.error = error;
  return false;
}

bool AuthorizedKeysWork::take(const Opened& opened, Place place) {
  return opened.refusal == Refusal::none || refuse(place, opened.refusal, opened.error);
}

bool AuthorizedKeysWork::open_home() {
  Opened home = platform::open_home(home_path_, user_);
  if (!take(home, Place::home)) return false;
  home_ = std::move(home.fd);
  done(Step::opened_home);
  return true;
}

bool AuthorizedKeysWork::open_folder() {
  Opened folder = platform::open_folder(home_, keys_folder_name, user_);
  if (!take(folder, Place::folder)) return false;
  folder_ = std::move(folder.fd);
  done(Step::opened_folder);
  return true;
}

bool AuthorizedKeysWork::make_folder() {
  struct stat status;
  if (::fstatat(home_.get(), keys_folder_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode))) {
    return true;  // a link is refused when it is opened
  }
  if (::mkdirat(home_.get(), keys_folder_name, 0700) != 0) return fail(Place::make_folder, errno);
  done(Step::made_folder);
  return true;
}

bool AuthorizedKeysWork::read_all(const UniqueFd& file, char* content) {
  std::size_t size = 0;
  for (;;) {
    const ssize_t count =
        ::read(file.get(), content + size, AuthorizedKeysFile::largest + 1 - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Place::file, errno);
    size += static_cast<std::size_t>(count);
    if (size > AuthorizedKeysFile::largest) return refuse(Place::file, Refusal::too_large);
    if (count == 0) break;
  }
  outcome_.size = size;
  return true;
}

bool AuthorizedKeysWork::write(const UniqueFd& file, std::string_view content, gid_t group) {
  done(Step::created_file);
  struct stat status;
  if (::fstat(file.get(), &status) == 0 && status.st_gid != group) {
    // In a directory that gives its own group to files. Nothing depends on it: mode 0600.
    [[maybe_unused]] const int ignored = ::fchown(file.get(), static_cast<uid_t>(-1), group);
  }
  if (::fchmod(file.get(), 0600) != 0) return fail(Place::write, errno);
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno != EINTR) return fail(Place::write, errno);
    if (count > 0) content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (!sync(file)) return fail(Place::write, errno);
  done(Step::wrote_file);
  return true;
}

bool AuthorizedKeysWork::rename(const UniqueFd& file, const char* new_name,
                                const FileVersion* expected) {
  if (expected && version_at(folder_, keys_file_name) != *expected) {
    return refuse(Place::rename, Refusal::changed);
  }
  done(Step::compared_version);
  if (::renameat(folder_.get(), new_name, folder_.get(), keys_file_name) != 0) {
    return fail(Place::rename, errno);
  }
  done(Step::renamed_file);
  if (!has_name(file)) return refuse(Place::rename, Refusal::taken_away);
  const UniqueFd folder(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());
  return true;
}

// Whether it is the file that was written that has the name now.
bool AuthorizedKeysWork::has_name(const UniqueFd& file) const {
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return false;
  const FileVersion mine = version_of(status);
  const FileVersion named = version_at(folder_, keys_file_name);
  return named.exists && named.device == mine.device && named.inode == mine.inode;
}

}  // namespace bellhop::platform
