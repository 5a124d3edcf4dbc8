// SPDX-License-Identifier: Apache-2.0
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

// How to open a file, in terms of fopen(3)'s modes.
struct FileMode {
  std::string_view name;  // `r+`, for messages
  bool read = false;
  bool write = false;
  bool create = false;
  bool truncate = false;
  bool append = false;
};

enum class SeekFrom { start, current, end };

// An open file and its position. Not thread-safe. Unbuffered: other processes can read the bytes as
// soon as write() has returned. Does not wait for a FIFO or a terminal without data or room, but a
// disk, a network share or a device may block without a limit.
class File {
 public:
  virtual ~File() = default;  // closes the file unless close() was called

  // Reads into the front of `room`. Returns the number of bytes: 0 at the end of the file; less
  // than `room` holds when no more are available now. Errors: `failed to read file: …`.
  virtual Result<std::size_t> read(std::span<std::byte> room) = 0;

  // Writes the front of `bytes`, which must not be empty. Returns the number of bytes written, at
  // least 1. Errors: `failed to write to file: …`.
  virtual Result<std::size_t> write(std::span<const std::byte> bytes) = 0;

  // Returns the new position, in bytes from the start. Errors: `failed to seek file: …`.
  virtual Result<std::int64_t> seek(std::int64_t offset, SeekFrom from) = 0;

  // Must be the last call. Errors: `failed to close handle: …`; the file is closed even then, and
  // written data may be lost.
  virtual Result<void> close() = 0;

  // no_handle when there is none. A successor that restores the file from it also gets its position
  // and mode.
  virtual NativeHandle descriptor() const { return no_handle; }
};

// Opens a file. Child processes do not inherit it. A new file has mode 0666, whatever the umask.
// Errors: `failed to open file '/x' (mode: 'r'): …`.
Result<std::unique_ptr<File>> open_file(const std::string& path, const FileMode& mode);

// Restores a file that open_file() opened in an earlier program of this process.
std::unique_ptr<File> restore_file(Handle descriptor);

}  // namespace bellhop::platform
