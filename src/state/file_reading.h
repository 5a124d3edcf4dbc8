// Reading a file piece by piece while the reply is written, in constant memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/error.h"
#include "state/open_files.h"

namespace bellhop::state {

// One guest-file-read. Has the turn at the file until everything is read.
class FileReading {
 public:
  // Every piece but the last is as large: a multiple of 3, as base64 in pieces needs it, and of
  // the page size.
  static constexpr std::size_t piece_size = std::size_t{3} << 16;

  // Reads the first piece of at most `count` bytes. An error only when there is not one byte.
  static Result<FileReading> begin(FileLease lease, std::uint64_t count);

  // The next piece, empty when there are no more: `count` bytes are read, the file has ended, or
  // an error came, which the next read of the file will report. Valid until the next call.
  std::span<const std::byte> next();

  // So far, including the piece that was returned last.
  std::int64_t count() const { return count_; }
  // Whether the end of the file was met: not merely reached.
  bool eof() const { return eof_; }

 private:
  FileReading(FileLease lease, std::uint64_t count);
  Result<void> fill();

  std::optional<FileLease> lease_;  // until there is nothing more to read
  std::uint64_t remaining_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t filled_ = 0;
  bool first_ = true;  // the piece in the buffer was read by begin()
  std::int64_t count_ = 0;
  bool eof_ = false;
};

}  // namespace bellhop::state
