// SPDX-License-Identifier: Apache-2.0
#include "state/file_reading.h"

#include <algorithm>
#include <utility>

namespace bellhop::state {

FileReading::FileReading(FileLease lease, std::uint64_t count)
    : lease_(std::move(lease)),
      remaining_(count),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(
          static_cast<std::size_t>(std::min<std::uint64_t>(count, piece_size)))) {}

Result<FileReading> FileReading::begin(FileLease lease, std::uint64_t count) {
  FileReading reading(std::move(lease), count);
  TRY(reading.fill());
  return reading;
}

std::span<const std::byte> FileReading::next() {
  if (!std::exchange(first_, false)) {
    if (!lease_) return {};
    // The error is not lost: the same read fails again.
    if (!fill()) return {};
  }
  count_ += static_cast<std::int64_t>(filled_);
  return {buffer_.get(), filled_};
}

Result<void> FileReading::fill() {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, piece_size));
  bool more = true;
  filled_ = 0;
  while (more && filled_ < wanted) {
    const auto got = lease_->file().read({buffer_.get() + filled_, wanted - filled_});
    if (!got && filled_ == 0) {
      lease_.reset();
      return std::unexpected(got.error());
    }
    eof_ = got && *got == 0;
    more = got && *got > 0;
    filled_ += got.value_or(0);
  }
  remaining_ -= filled_;
  if (!more || remaining_ == 0) lease_.reset();
  return {};
}

}  // namespace bellhop::state
