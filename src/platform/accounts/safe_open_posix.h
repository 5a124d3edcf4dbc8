// Opens what lies in a user's home directory without going where the user would lead it.
#pragma once

#include <sys/stat.h>

#include "platform/accounts/authorized_keys_file.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Why something was not opened, or not made.
enum class OpenRefusal {
  none,
  system,       // an errno value says it
  link,         // a symbolic link
  not_regular,  // a pipe, a socket, a device
  directory,    // a directory in place of a file
  wrong_owner,  // neither the user nor root
  hard_link,    // root's file, which has another name as well
  too_large,
  changed,     // not of the expected version any more
  taken_away,  // the new file's name was given to something else
};

// All of these make only system calls: they are for a child of a process with several threads.

struct Opened {
  Handle fd;
  OpenRefusal refusal = OpenRefusal::none;
  int error = 0;
};

// A home directory by its full path, which is the administrator's. Symbolic links on the way are
// followed where only root can have made them.
Opened open_home(const char* path, uid_t user);

// A directory of the user's below another.
Opened open_directory(const Handle& home, const char* name, uid_t user);

// A file of the user's, for reading.
Opened open_file(const Handle& directory, const char* name, uid_t user);

FileVersion version_of(const struct stat& status);

// The version of what has that name; one that does not exist when nothing has.
FileVersion version_at(const Handle& directory, const char* name);

}  // namespace bellhop::platform
