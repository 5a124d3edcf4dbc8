// One open file: read, written and positioned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// How to open a file, as fopen(3)'s modes say it.
struct FileMode {
  std::string_view name;  // `r+`, for messages
  bool read = false;
  bool write = false;
  bool create = false;
  bool truncate = false;
  bool append = false;
};

enum class SeekFrom { start, current, end };

// A file and the position in it. Not safe to use from several threads at once. Nothing is kept
// back: what write() took, others can read. A FIFO or a terminal without data or room is not
// waited for, but a disk, a network share or a device may block for any time.
class File {
 public:
  virtual ~File() = default;  // closes, if that has not been done

  // Fills the front of `room` and returns how much: 0 at the end of the file, and less than there
  // is room for when there is no more at the moment. Errors: `failed to read file: …`.
  virtual Result<std::size_t> read(std::span<std::byte> room) = 0;

  // Writes the front of `bytes`, which are not empty, and returns how much that was, at least 1.
  // Errors: `failed to write to file: …`.
  virtual Result<std::size_t> write(std::span<const std::byte> bytes) = 0;

  // Returns the new position, in bytes from the start. Errors: `failed to seek file: …`.
  virtual Result<std::int64_t> seek(std::int64_t offset, SeekFrom from) = 0;

  // To be called once, and nothing after it. Errors: `failed to close handle: …`; the file is
  // closed nevertheless, and what was written may be lost.
  virtual Result<void> close() = 0;

  // Of the system; -1 when there is none. Position and mode go with it to who takes it over.
  virtual int descriptor() const { return -1; }
};

// Opens a file for this process only, not for those it starts. A file that is created may be read
// and written by everyone. Errors: `failed to open file '/x' (mode: 'r'): …`.
Result<std::unique_ptr<File>> open_file(const std::string& path, const FileMode& mode);

// The file that open_file() has opened in an earlier program of this process.
std::unique_ptr<File> restore_file(Handle descriptor);

}  // namespace bellhop::platform
