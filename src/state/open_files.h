// SPDX-License-Identifier: Apache-2.0
// The files that clients have opened, by handle.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/io/file.h"
#include "state/persistent_state.h"
#include "state/snapshot.h"

namespace bellhop::state {

class OpenFile;

// A file lease: exclusive use of an open file by one command. The file stays open for the lifetime
// of the lease, even if its handle is closed in the meantime.
class FileLease {
 public:
  FileLease(FileLease&&) noexcept = default;
  FileLease& operator=(FileLease&&) = delete;
  ~FileLease();

  platform::File& file() const;

 private:
  friend class OpenFile;
  explicit FileLease(std::shared_ptr<OpenFile> open_file) : open_file_(std::move(open_file)) {}
  std::shared_ptr<OpenFile> open_file_;
};

// Thread-safe. Files are independent: a disk or device that does not answer delays only commands on
// the same file, and only up to the timeout.
class OpenFiles {
 public:
  using Opener = std::function<Result<std::unique_ptr<platform::File>>(const std::string& path,
                                                                       const platform::FileMode&)>;

  // `timeout` is how long a command waits for the lease of a file that another command uses.
  explicit OpenFiles(PersistentState& persistent, Opener opener = platform::open_file,
                     std::chrono::milliseconds timeout = std::chrono::seconds(2))
      : persistent_(persistent), opener_(std::move(opener)), timeout_(timeout) {}

  // Opens a file and returns its handle. `mode` as for fopen(3): one of the 15 modes of the C
  // standard. Blocks as long as the file's disk does.
  Result<std::int64_t> open(std::string_view path, std::string_view mode);

  // Waits for the file lease. Errors: `handle '7' has not been found`; the file is busy.
  Result<FileLease> acquire(std::int64_t handle);

  // Closes the file and forgets the handle, even if it returns an error. If the lease is not
  // released within the timeout, the file is closed when it is.
  Result<void> close(std::int64_t handle);

  // Writes all files to the snapshot and returns their number. No file may be in use.
  std::size_t snapshot(SnapshotWriter& writer);
  // Restores the files from the snapshot and returns their number.
  std::size_t restore(Snapshot& snapshot);

 private:
  PersistentState& persistent_;
  const Opener opener_;
  const std::chrono::milliseconds timeout_;

  Mutex mutex_;
  std::unordered_map<std::int64_t, std::shared_ptr<OpenFile>> files_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::state
