// SPDX-License-Identifier: Apache-2.0
// Lists, freezes, thaws and trims the local filesystems of the guest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/storage/freeze_guard.h"
#include "platform/storage/mount_place.h"

namespace bellhop::platform {

// A filesystem, from the kernel's mount table.
struct LocalFilesystem {
  // The first mountpoint of its root; the first of all if only directories or files of it are
  // mounted.
  std::string mountpoint;
  // All its mounts: those of its root in mount order, then the others.
  std::vector<MountPlace> places = {};
  std::string type = {};                  // "ext4"
  std::vector<std::string> devices = {};  // "/dev/mapper/vg-data", "/dev/dm-0"; the names it has
  bool read_only = false;                 // the filesystem itself, not only a mount of it
};

// The result of a trim.
struct Trimmed {
  std::uint64_t bytes = 0;    // amount trimmed
  std::uint64_t minimum = 0;  // shortest free range, in bytes, that the filesystem trims
};

enum class FreezeOutcome {
  frozen,
  already_frozen,  // by another program
  unsupported,     // this kind of filesystem cannot be frozen
};

// A filesystem that is held open. Changes to its mountpoint do not affect it, and it cannot be
// unmounted. Thread-safe.
class Filesystem {
 public:
  virtual ~Filesystem() = default;

  // Writes cached data to the disk, then blocks writers until the thaw. May block for as long as
  // its disk does. Errors: `failed to freeze /x: …`.
  virtual Result<FreezeOutcome> freeze() = 0;

  // Ends all freezes of the filesystem, including those of other processes. Returns false if it was
  // not frozen. May block as freeze() does. Errors: `failed to thaw /x: …`; the filesystem may
  // still be frozen.
  virtual Result<bool> thaw() = 0;

  // Reports unused blocks to the disk, in free ranges of at least `minimum` bytes. May block for
  // minutes. Errors: `trim not supported`, `failed to trim: …`.
  virtual Result<Trimmed> trim(std::uint64_t minimum) = 0;

  // The fd that holds the filesystem open, owned by this object; no_handle if there is none.
  virtual NativeHandle descriptor() const { return no_handle; }
};

// The filesystems of the guest. Thread-safe.
class Filesystems {
 public:
  virtual ~Filesystems() = default;

  // The local filesystems, each once; network filesystems and filesystems without a disk are left
  // out. A filesystem that lies on another one, for instance in a file, comes after it; apart from
  // that, they are in mount order. Thaw in this order and freeze in the reverse order: a frozen
  // filesystem blocks the writes of the filesystems that lie on it.
  virtual Result<std::vector<LocalFilesystem>> list() = 0;

  // All mountpoints of the guest, also those of filesystems that list() leaves out.
  virtual Result<std::vector<std::string>> mountpoints() = 0;

  // Opens a filesystem through the first of its mountpoints that leads to it, a directory if there
  // is one; nullptr if other filesystems are mounted over all of them. May block if the path does.
  // Errors: `failed to open /x: …`.
  virtual Result<std::unique_ptr<Filesystem>> open(const LocalFilesystem& filesystem) = 0;

  // The same, through directories alone. The system's error is std::errc::not_a_directory if only a
  // file, a socket or the like of the filesystem is mounted.
  virtual Result<std::unique_ptr<Filesystem>> open_directory(const LocalFilesystem& filesystem) = 0;

  // Rebuilds a filesystem from the fd that the program before a live upgrade opened. `mountpoint`
  // is the first mountpoint.
  virtual std::unique_ptr<Filesystem> restore(Handle descriptor, std::string mountpoint) = 0;

  // The guard of a freeze: see the functions in freeze_guard.h.
  virtual Result<std::unique_ptr<FreezeGuard>> start_guard(const GuardRequest& request) {
    return start_freeze_guard(request);
  }
  virtual Result<std::unique_ptr<FreezeGuard>> replace_guard(const GuardRequest& request) {
    return replace_freeze_guard(request);
  }
  virtual std::unique_ptr<FreezeGuard> restore_guard(Handle descriptor) {
    return restore_freeze_guard(std::move(descriptor));
  }
};

// The filesystems of this machine.
std::unique_ptr<Filesystems> system_filesystems();

}  // namespace bellhop::platform
