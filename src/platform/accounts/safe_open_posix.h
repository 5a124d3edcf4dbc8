// SPDX-License-Identifier: Apache-2.0
// Opens files in a user's home directory without following paths that the user redirects.
#pragma once

#include <sys/stat.h>

#include "platform/accounts/authorized_keys_file.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Why something was not opened or created.
enum class OpenRefusal {
  none,
  system,       // see the errno value
  link,         // a symbolic link
  not_regular,  // a pipe, a socket, a device
  directory,    // a directory instead of a file
  wrong_owner,  // belongs to neither the user nor root
  hard_link,    // a file of root with more than one link
  too_large,
  changed,     // no longer has the expected version
  taken_away,  // another file replaced the new one
};

// All functions make only system calls: they run in a child forked from a process with several
// threads.

struct Opened {
  Handle fd;
  OpenRefusal refusal = OpenRefusal::none;
  int error = 0;
};

// Opens a home directory by its full path, which the administrator sets. Symbolic links on the path
// are followed only where only root can create them.
Opened open_home(const char* path, uid_t user);

// Opens a directory in `home`. It must belong to the user or root.
Opened open_directory(const Handle& home, const char* name, uid_t user);

// Opens a regular file for reading. It must belong to the user, or to root with a single link.
Opened open_file(const Handle& directory, const char* name, uid_t user);

FileVersion version_of(const struct stat& status);

// The version of the entry `name`; `exists` is false if there is none.
FileVersion version_at(const Handle& directory, const char* name);

}  // namespace bellhop::platform
