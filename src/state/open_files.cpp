// SPDX-License-Identifier: Apache-2.0
#include "state/open_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace bellhop::state {
namespace {

using platform::FileMode;

// The modes of fopen in the C standard and no others: no `x`, no `e`, no other order of letters.
std::optional<FileMode> parse_mode(std::string_view name) {
  constexpr std::array<std::string_view, 5> options{"", "b", "+", "b+", "+b"};
  if (name.empty() || std::ranges::find(options, name.substr(1)) == options.end()) {
    return std::nullopt;
  }
  const bool both = name.contains('+');
  switch (name.front()) {
    case 'r':
      return FileMode{.name = name, .read = true, .write = both};
    case 'w':
      return FileMode{.name = name, .read = both, .write = true, .create = true, .truncate = true};
    case 'a':
      return FileMode{.name = name, .read = both, .write = true, .create = true, .append = true};
    default:
      return std::nullopt;
  }
}

constexpr std::string_view record_name = "file";

std::unexpected<Error> not_found(std::int64_t handle) {
  return failure("handle '{}' has not been found", handle);
}

}  // namespace

// An open file and the state of its lease.
class OpenFile : public std::enable_shared_from_this<OpenFile> {
 public:
  OpenFile(std::int64_t handle, std::unique_ptr<platform::File> file)
      : handle_(handle), file_(std::move(file)) {}

  Result<FileLease> acquire(std::chrono::milliseconds timeout) {
    const MutexLock lock(mutex_);
    const auto settled = [this]() REQUIRES(mutex_) { return !in_use_ || closed_; };
    if (!free_.wait_for(mutex_, timeout, settled)) {
      return failure("handle '{}' is busy: an earlier command on it has not ended", handle_);
    }
    if (closed_) return not_found(handle_);
    in_use_ = true;
    return FileLease(shared_from_this());
  }

  void release() {
    const MutexLock lock(mutex_);
    in_use_ = false;
    free_.notify_all();
  }

  // Called once, by the thread that removed the file from the table.
  Result<void> close(std::chrono::milliseconds timeout) {
    MutexLock lock(mutex_);
    closed_ = true;  // ends the wait for the lease
    free_.notify_all();
    const auto is_free = [this]() REQUIRES(mutex_) { return !in_use_; };
    if (!free_.wait_for(mutex_, timeout, is_free)) return {};
    lock.unlock();
    return file_->close();
  }

  platform::File& file() const { return *file_; }

 private:
  const std::int64_t handle_;
  const std::unique_ptr<platform::File> file_;  // used only under the lease

  Mutex mutex_;
  ConditionVariable free_;
  bool in_use_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
};

FileLease::~FileLease() {
  if (open_file_) open_file_->release();
}

platform::File& FileLease::file() const {
  return open_file_->file();
}

Result<std::int64_t> OpenFiles::open(std::string_view path, std::string_view mode) {
  const auto known = parse_mode(mode);
  if (!known) return invalid("invalid file open mode '{}'", mode);
  TRY_ASSIGN(auto file, opener_(std::string(path), *known));
  for (;;) {
    TRY_ASSIGN(const auto handle, persistent_.next_handle());
    const MutexLock lock(mutex_);
    // A restored handle may equal one that this state directory allocates.
    if (files_.contains(handle)) continue;
    files_.emplace(handle, std::make_shared<OpenFile>(handle, std::move(file)));
    return handle;
  }
}

Result<FileLease> OpenFiles::acquire(std::int64_t handle) {
  std::shared_ptr<OpenFile> file;
  {
    const MutexLock lock(mutex_);
    const auto found = files_.find(handle);
    if (found != files_.end()) file = found->second;
  }
  if (!file) return not_found(handle);
  return file->acquire(timeout_);
}

Result<void> OpenFiles::close(std::int64_t handle) {
  std::shared_ptr<OpenFile> file;
  {
    const MutexLock lock(mutex_);
    auto node = files_.extract(handle);
    if (node) file = std::move(node.mapped());
  }
  if (!file) return not_found(handle);
  return file->close(timeout_);
}

std::size_t OpenFiles::snapshot(SnapshotWriter& writer) {
  const MutexLock lock(mutex_);
  for (const auto& [handle, open_file] : files_) {
    writer.begin(record_name);
    writer.number("handle", handle);
    writer.descriptor("file", open_file->file().descriptor());
  }
  return files_.size();
}

std::size_t OpenFiles::restore(Snapshot& snapshot) {
  const MutexLock lock(mutex_);
  for (const SnapshotRecord* record : snapshot.take(record_name)) {
    const auto handle = record->number("handle");
    platform::Handle descriptor = record->descriptor("file");
    if (!handle || !descriptor) continue;
    files_.emplace(*handle, std::make_shared<OpenFile>(
                                *handle, platform::restore_file(std::move(descriptor))));
  }
  return files_.size();
}

}  // namespace bellhop::state
