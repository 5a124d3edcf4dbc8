// The work in a user's home directory, done by a child process with that user's rights.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/safe_open_posix.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

inline constexpr const char* keys_directory_name = ".ssh";
inline constexpr const char* keys_file_name = "authorized_keys";

// The step at which something was refused.
enum class KeysStep { home, directory, file, make_directory, create, write, rename };

// The child's result, in memory shared with the agent.
struct KeysOutcome {
  KeysStep step;
  OpenRefusal refusal;
  int error;
  FileVersion version;
  std::size_t size;  // of the content
};

// Makes only system calls. Functions that return false have recorded the reason in the outcome.
class AuthorizedKeysOps {
 public:
  // Keeps references: `outcome`, `home` and `hook` must outlive this object.
  AuthorizedKeysOps(KeysOutcome& outcome, const char* home, uid_t user,
                    const AuthorizedKeysFile::Hook& hook)
      : outcome_(outcome), home_path_(home), user_(user), hook_(hook) {}

  // Reads the file into `content`, a buffer of AuthorizedKeysFile::max_size + 1 bytes.
  bool read(char* content);

  // Writes a new file `new_name` and renames it over the old one; with `expected`, only if the old
  // one still has that version.
  bool replace(std::string_view content, const char* new_name, gid_t group,
               const FileVersion* expected);

 private:
  void reached(AuthorizedKeysFile::Checkpoint checkpoint);
  bool refuse(KeysStep step, OpenRefusal refusal, int error = 0);
  bool fail(KeysStep step, int error) { return refuse(step, OpenRefusal::system, error); }
  bool take(const Opened& opened, KeysStep step);

  bool open_home();
  bool open_directory();
  bool make_directory();
  bool read_all(const Handle& file, char* content);
  bool write(const Handle& file, std::string_view content, gid_t group);
  bool rename(const Handle& file, const char* new_name, const FileVersion* expected);
  bool has_name(const Handle& file) const;

  KeysOutcome& outcome_;
  const char* home_path_;
  uid_t user_;
  const AuthorizedKeysFile::Hook& hook_;
  Handle home_;
  Handle directory_;
};

}  // namespace bellhop::platform
