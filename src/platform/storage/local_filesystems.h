// The local filesystems of this system: which there are, and freezing and trimming them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// A filesystem as the system's table of mounts shows it.
struct LocalFilesystem {
  // One mount of it.
  struct Place {
    std::string path;
    std::uint64_t mount = 0;  // tells this mount from all others of the system
  };

  std::string mountpoint;     // where it was mounted first
  std::vector<Place> places;  // all its mounts in their order, the first included
  bool read_only = false;     // the filesystem itself, not only some of its mounts
};

// What trimming a filesystem came to.
struct Trimmed {
  std::uint64_t bytes = 0;    // how much was given back
  std::uint64_t minimum = 0;  // the shortest free range, in bytes, that the filesystem looked at
};

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

  // Tells the disk which blocks are not in use, where at least `minimum` bytes lie together. May
  // block for minutes. Errors: `trim not supported`, `failed to trim: …`.
  virtual Result<Trimmed> trim(std::uint64_t minimum) = 0;

  // What it is held open by; -1 when there is nothing of the kind.
  virtual int descriptor() const { return -1; }
};

// The system's filesystems. May be used from any thread.
class Filesystems {
 public:
  virtual ~Filesystems() = default;

  // The local filesystems, each once; network filesystems and those without a disk are left out.
  // One that lies on another, as in a file of it, comes after it; apart from that they stand in
  // the order in which they were mounted. So one after the other can be thawed in this order, and
  // frozen in the reverse one: a frozen filesystem takes no writes of those that lie on it.
  virtual Result<std::vector<LocalFilesystem>> list() = 0;

  // Opens a filesystem at whichever of its mountpoints leads there; nullptr when none does because
  // other filesystems are mounted over it. May block when the way there does.
  // Errors: `failed to open /x: …`.
  virtual Result<std::unique_ptr<Filesystem>> open(const LocalFilesystem& filesystem) = 0;

  // A filesystem that an earlier program of this process has opened, with the first of its
  // mountpoints.
  virtual std::unique_ptr<Filesystem> restore(Handle descriptor, std::string mountpoint) = 0;
};

// Those of this machine.
std::unique_ptr<Filesystems> system_filesystems();

}  // namespace bellhop::platform
