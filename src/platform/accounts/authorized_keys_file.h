// A user's ~/.ssh/authorized_keys: read and replaced as that user, with no checkpoint that goes
// where the user would lead it.
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

// Which file it is, and in what state: another one, or a changed one, differs.
struct FileVersion {
  bool exists = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds since 1970
  std::int64_t changed = 0;
  bool operator==(const FileVersion&) const = default;
};

struct AuthorizedKeysContent {
  std::string text;
  FileVersion version;
};

// Everything is done by a child process with the user's rights (run_as_user.h), so the user gains
// nothing that the user could not do anyway. Beyond that, of what lies below the home directory:
//
// - .ssh must be a directory, authorized_keys a regular file; symbolic links are refused and pipes
//   are not waited for. What was opened is what is used: a directory that is swapped for another
//   later changes nothing.
// - On the way to the home directory, symbolic links are followed where only root can make them.
// - Home and .ssh must be the user's or root's, as sshd(8) demands it too. The file must be the
//   user's, or root's and have one name only, so that a hard link brings in nobody's file.
// - A replacement is written to a new file beside the old one, on to the disk, and then takes its
//   name: whatever happens, there are the old keys or the new.
//
// Any thread may call. Calls take as long as the disk does, up to `limit` for each.
class AuthorizedKeysFile {
 public:
  // What has just been done, for tests that change things in between. Called in the child process.
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

  static constexpr std::size_t max_size = std::size_t{16} << 20;  // of a file, in bytes

  explicit AuthorizedKeysFile(UserAccount user,
                              std::chrono::milliseconds limit = std::chrono::seconds(30),
                              Hook hook = {});

  const UserAccount& user() const { return user_; }
  const std::string& directory() const { return directory_; }  // .ssh
  const std::string& path() const { return path_; }

  // The content. Errors: `failed to read 'PATH': …`; error.system is
  // std::errc::no_such_file_or_directory or not_a_directory when there is no such file.
  Result<AuthorizedKeysContent> read() const;

  // Gives it new content, and makes .ssh when there is none. With `expected`, only when the file
  // still is of that version; false when it is not. Without it, whatever has the file's name is
  // replaced. Mode 0600, that of a new .ssh 0700.
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
