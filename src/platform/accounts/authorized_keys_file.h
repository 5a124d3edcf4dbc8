// SPDX-License-Identifier: Apache-2.0
// Reads and replaces a user's ~/.ssh/authorized_keys with that user's rights. No step follows a
// path that the user redirects.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/accounts/user_account.h"

namespace bellhop::platform {

// Identity and state of a file. Differs if the file was replaced or changed.
struct FileVersion {
  bool exists = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // mtime, nanoseconds since 1970
  std::int64_t changed = 0;
  bool operator==(const FileVersion&) const = default;
};

struct AuthorizedKeysContent {
  std::string text;
  FileVersion version;
};

// A child process with the user's rights (run_as_user.h) does all work, so the user gains nothing
// that the user could not do anyway. In addition:
//
// - .ssh must be a directory and authorized_keys a regular file. Symbolic links are refused, and
//   opening a pipe does not block. All work uses the opened fds, so swapping a directory later has
//   no effect.
// - On the path to the home directory, symbolic links are followed only where only root can create
//   them.
// - Home and .ssh must belong to the user or root, as sshd(8) requires too. The file must belong to
//   the user, or to root with a single link, so that a hard link brings in no file of another user.
// - A replacement is written to a new file in the same directory, synced to the disk, and renamed
//   over the old file. In all cases, there are either the old keys or the new ones.
//
// Thread-safe. Each call blocks for as long as the disk does, up to `limit`.
class AuthorizedKeysFile {
 public:
  // Steps after which tests can change the filesystem. The hook runs in the child process.
  enum class Checkpoint {
    opened_home,
    opened_directory,
    opened_file,
    read_file,
    made_directory,
    created_file,
    wrote_file,
    compared_version,
    renamed_file,
  };
  using Hook = std::function<void(Checkpoint)>;

  static constexpr std::size_t max_size = std::size_t{16} << 20;  // bytes

  explicit AuthorizedKeysFile(UserAccount user,
                              std::chrono::milliseconds limit = std::chrono::seconds(30),
                              Hook hook = {});

  const UserAccount& user() const { return user_; }
  const std::string& directory() const { return directory_; }  // path of .ssh
  const std::string& path() const { return path_; }

  // The content. Errors: `failed to read 'PATH': …`; error.system is
  // std::errc::no_such_file_or_directory or not_a_directory if the file does not exist.
  Result<AuthorizedKeysContent> read() const;

  // Replaces the content; creates .ssh if it does not exist. With `expected`, replaces the file
  // only if it still has that version; returns false if it does not. Without `expected`, replaces
  // whatever has the file's name. The file's mode is 0600, that of a new .ssh 0700.
  // Errors: `failed to write to 'PATH': …`, `failed to create directory 'PATH': …`.
  Result<bool> replace(std::string_view content, const std::optional<FileVersion>& expected) const;

 private:
  UserAccount user_;
  std::chrono::milliseconds limit_;
  Hook hook_;
  std::string directory_;
  std::string path_;
};

}  // namespace bellhop::platform
