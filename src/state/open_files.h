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

// One command's turn at a file: as long as this object lives, nobody else touches the file.
// The file stays open as long, even when its handle is closed meanwhile.
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

// Any thread may call. Files are independent: one whose disk or device does not answer keeps only
// those waiting who want that file, and not for long.
class OpenFiles {
 public:
  using Opener = std::function<Result<std::unique_ptr<platform::File>>(const std::string& path,
                                                                       const platform::FileMode&)>;

  // `timeout` is how long a command waits for its turn at a file that another one is using.
  explicit OpenFiles(PersistentState& persistent, Opener opener = platform::open_file,
                     std::chrono::milliseconds timeout = std::chrono::seconds(2))
      : persistent_(persistent), opener_(std::move(opener)), timeout_(timeout) {}

  // Opens a file and returns its handle. `mode` as for fopen(3), one of the standard's fifteen.
  // May block as long as the file's disk does.
  Result<std::int64_t> open(std::string_view path, std::string_view mode);

  // Waits for a turn at the file. Errors: `handle '7' has not been found`; the file is busy.
  Result<FileLease> acquire(std::int64_t handle);

  // Closes the file and forgets the handle, even when it returns an error. When the file's user
  // does not end, the file is closed as soon as that one has.
  Result<void> close(std::int64_t handle);

  // Writes down all files and returns how many there are. Nobody may be using one.
  std::size_t snapshot(SnapshotWriter& writer);
  // Takes the files of the program before and returns how many there are.
  std::size_t restore(Snapshot& snapshot);

 private:
  PersistentState& persistent_;
  const Opener opener_;
  const std::chrono::milliseconds timeout_;

  Mutex mutex_;
  std::unordered_map<std::int64_t, std::shared_ptr<OpenFile>> files_ GUARDED_BY(mutex_);
};

}  // namespace bellhop::state
