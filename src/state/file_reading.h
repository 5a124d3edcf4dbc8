// SPDX-License-Identifier: Apache-2.0
// Reads a file in pieces while the reply is written, in constant memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/error.h"
#include "state/open_files.h"

namespace bellhop::state {

// One guest-file-read. Holds the file lease until everything is read.
class FileReading {
 public:
  // Size in bytes of every piece but the last: a multiple of 3, as base64 requires, and of the page
  // size.
  static constexpr std::size_t piece_size = std::size_t{3} << 16;

  // Reads the first piece; `count` is the maximum number of bytes for all pieces. Fails only if no
  // byte could be read.
  static Result<FileReading> begin(FileLease lease, std::uint64_t count);

  // The next piece. Empty at the end: `count` bytes are read, the file has ended, or a read failed;
  // the next read of the file reports that error. Valid until the next call.
  std::span<const std::byte> next();

  // Bytes returned so far, including the last piece.
  std::int64_t count() const { return count_; }
  // Whether a read has returned 0. False if `count` bytes end exactly at the end of the file.
  bool eof() const { return eof_; }

 private:
  FileReading(FileLease lease, std::uint64_t count);
  Result<void> fill();

  std::optional<FileLease> lease_;  // released when everything is read
  std::uint64_t remaining_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t filled_ = 0;
  bool first_ = true;  // the buffer contains the piece that begin() read
  std::int64_t count_ = 0;
  bool eof_ = false;
};

}  // namespace bellhop::state
