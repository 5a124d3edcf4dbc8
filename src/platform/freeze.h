// Freezing filesystems: holding them still on disk while the host copies it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

// One filesystem, held open: what becomes of its mountpoint does not matter to it, and it cannot
// be unmounted. May be used from any thread.
class Filesystem {
 public:
  virtual ~Filesystem() = default;

  // Writes out what is in memory; from then on whoever writes to the filesystem waits.
  // False when it is frozen already or is of a kind that cannot be. May block for as long as its
  // disk does. Errors: `failed to freeze /x: …`.
  virtual Result<bool> freeze() = 0;

  // Ends all freezes of the filesystem, however many and whoever began them. False when there was
  // none. May block as freeze(). Errors: `failed to thaw /x: …`; it may be frozen still.
  virtual Result<bool> thaw() = 0;
};

// The system's filesystems, as far as freezing goes. May be used from any thread.
class Filesystems {
 public:
  virtual ~Filesystems() = default;

  // The mountpoints of the local filesystems, in the order in which they were mounted. Each
  // filesystem stands there once, by its first mountpoint; network filesystems and those without
  // a disk are left out.
  virtual Result<std::vector<std::string>> mountpoints() = 0;

  // The filesystem that is to be found at a mountpoint. May block when the way there does.
  // Errors: `failed to open /x: …`.
  virtual Result<std::unique_ptr<Filesystem>> open(const std::string& mountpoint) = 0;
};

// Those of this machine.
std::unique_ptr<Filesystems> system_filesystems();

}  // namespace bellhop::platform
