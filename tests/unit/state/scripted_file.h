// SPDX-License-Identifier: Apache-2.0
// A fake file with scripted results.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "platform/io/file.h"

namespace bellhop::testing {

// Records the operations on a scripted file; outlives it.
struct FileRecord {
  std::atomic<int> reads = 0;
  std::atomic<bool> closed = false;
  std::string written = {};
};

class ScriptedFile final : public platform::File {
 public:
  // The bytes that reads return, as many as fit, or the error of one read.
  using Answer = Result<std::string>;

  ScriptedFile(std::shared_ptr<FileRecord> record, std::deque<Answer> answers)
      : record_(std::move(record)), answers_(std::move(answers)) {}
  ~ScriptedFile() override { record_->closed = true; }

  std::function<void()> on_read = {};
  Result<void> close_result = {};

  // Returns 0, the end of the file, after the last answer.
  Result<std::size_t> read(std::span<std::byte> room) override {
    ++record_->reads;
    if (on_read) on_read();
    if (answers_.empty()) return 0;
    Answer& answer = answers_.front();
    if (!answer) {
      auto error = std::move(answer).error();
      answers_.pop_front();
      return std::unexpected(std::move(error));
    }
    const std::size_t count = std::min(room.size(), answer->size());
    std::ranges::copy(std::as_bytes(std::span(*answer).first(count)), room.begin());
    answer->erase(0, count);
    if (answer->empty()) answers_.pop_front();
    return count;
  }
  Result<std::size_t> write(std::span<const std::byte> bytes) override {
    record_->written.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return bytes.size();
  }
  Result<std::int64_t> seek(std::int64_t offset, platform::SeekFrom) override { return offset; }
  Result<void> close() override {
    record_->closed = true;
    return close_result;
  }

 private:
  const std::shared_ptr<FileRecord> record_;
  std::deque<Answer> answers_;
};

}  // namespace bellhop::testing
