// SPDX-License-Identifier: Apache-2.0
// The snapshot: the state of the agent for its successor in the same process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/io/memory_file.h"

namespace bellhop::state {

// The version of the records. The agent does not upgrade to a successor that reads another version.
inline constexpr std::int64_t snapshot_version = 2;

// Writes records into memory. A record is a name and fields: text of any bytes, numbers, fds. The
// first error is kept; later writes are ignored.
//
// Format: a line `bellhop handover VERSION PID`; for each record a line `record NAME` and for each
// field a line `number NAME VALUE`, `descriptor NAME FD` or `text NAME SIZE`; a text line is
// followed by SIZE bytes and a line feed. The last line is `end`.
class SnapshotWriter {
 public:
  // Maximum size of all records in bytes; finish() fails beyond it. Twice the limit of job output.
  static constexpr std::size_t max_size = std::size_t{512} << 20;

  // `process` is the pid of the reader, which is also the writer's.
  explicit SnapshotWriter(std::int64_t process, std::size_t limit = max_size);

  void begin(std::string_view record);
  void text(std::string_view field, std::string_view bytes);
  void number(std::string_view field, std::int64_t value);
  void flag(std::string_view field, bool value) { number(field, value ? 1 : 0); }
  // Nanoseconds since the epoch of the time's clock.
  void time(std::string_view field, auto value) {
    number(field, std::chrono::nanoseconds(value.time_since_epoch()).count());
  }
  // Writes nothing for no_handle.
  void descriptor(std::string_view field, platform::NativeHandle descriptor);

  // Ends the records and seals the memory. Returns the first error of the writer.
  Result<platform::MemoryFile> finish();

  // The fds that were written.
  const std::vector<platform::NativeHandle>& descriptors() const { return descriptors_; }

 private:
  void append(std::string_view bytes);
  void flush();

  Result<platform::MemoryFile> file_;
  std::size_t room_;
  std::string buffer_;  // short pieces, written together
  std::vector<platform::NativeHandle> descriptors_;
};

// One record of a snapshot. Must not outlive its Snapshot.
class SnapshotRecord {
 public:
  std::optional<std::string_view> text(std::string_view field) const;
  std::optional<std::int64_t> number(std::string_view field) const;
  bool flag(std::string_view field) const { return number(field).value_or(0) != 0; }
  template <class Time>
  std::optional<Time> time(std::string_view field) const {
    return number(field).transform([](std::int64_t value) {
      return Time(
          std::chrono::duration_cast<typename Time::duration>(std::chrono::nanoseconds(value)));
    });
  }
  // Claims the inherited fd, once, and makes it close-on-exec. Empty if there is none.
  platform::Handle descriptor(std::string_view field) const;
  // The handle_number() of the fd, without claiming it.
  std::optional<std::int64_t> descriptor_number(std::string_view field) const;

 private:
  friend class Snapshot;
  enum class Kind { text, number, descriptor };
  struct Field {
    Kind kind;
    std::string_view name;
    std::string_view text;
    std::int64_t number = 0;
  };
  const Field* find(Kind kind, std::string_view name) const;

  std::string_view name_;
  std::vector<Field> fields_;
  bool taken_ = false;
};

// Reads a snapshot, as far as it is valid.
class Snapshot {
 public:
  // `process` is the pid of this process. Records that were written for another process are
  // ignored.
  Snapshot(platform::SealedMemory memory, std::int64_t process);
  Snapshot(Snapshot&&) noexcept = default;

  // The first record of that name. Does not take it.
  const SnapshotRecord* find(std::string_view name) const;
  // The records of that name that were not taken before, in their order.
  std::vector<const SnapshotRecord*> take(std::string_view name);

  // What is wrong with the snapshot; the remaining records are valid. In a snapshot of another
  // version, these are the records "channel" and "pid-file", whose format does not change.
  const std::optional<std::string>& damage() const { return damage_; }

  // Closes the fds that were not claimed, and describes the records that were not taken.
  std::vector<std::string> close_rest();

 private:
  enum class Use { all, stable, none };

  void read(std::string_view rest, std::int64_t process);
  void read_records(std::string_view rest);
  void read_header(std::string_view line, std::int64_t process);
  bool read_field(std::string_view line, std::string_view& rest);
  void parse_error(std::string_view what);

  platform::SealedMemory memory_;
  std::vector<SnapshotRecord> records_;
  Use use_ = Use::all;
  std::optional<std::string> damage_;
};

}  // namespace bellhop::state
