// What an agent leaves to the program that takes its place in the same process.
#pragma once

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

// The version of the records. A program refuses to be replaced by one that reads another.
inline constexpr std::int64_t snapshot_version = 1;

// Writes records into memory. A record is a name and fields: texts of any bytes, numbers,
// descriptors. The first error is kept, and what is written after it ignored.
//
// The form: a line `bellhop handover VERSION PROCESS`; for each record a line `record NAME`, and a
// line `number NAME VALUE`, `descriptor NAME NUMBER` or `text NAME SIZE` a field, the latter
// followed by the bytes and a line feed; at last `end`.
class SnapshotWriter {
 public:
  // All records together; what is larger is not handed over. As much as jobs may keep, twice.
  static constexpr std::size_t max_size = std::size_t{512} << 20;

  // `process` is the one that reads them, too.
  explicit SnapshotWriter(std::int64_t process, std::size_t limit = max_size);

  void begin(std::string_view record);
  void text(std::string_view field, std::string_view bytes);
  void number(std::string_view field, std::int64_t value);
  void flag(std::string_view field, bool value) { number(field, value ? 1 : 0); }
  // Without one (-1), nothing is written.
  void descriptor(std::string_view field, int descriptor);

  // Ends the records. An error says why they cannot be handed over.
  Result<platform::MemoryFile> finish();

  // Those that were written.
  const std::vector<int>& descriptors() const { return descriptors_; }

 private:
  void append(std::string_view bytes);
  void flush();

  Result<platform::MemoryFile> file_;
  std::size_t room_;
  std::string buffer_;  // short pieces, written together
  std::vector<int> descriptors_;
};

// One record that was handed over. Lives as long as its Snapshot.
class SnapshotRecord {
 public:
  std::optional<std::string_view> text(std::string_view field) const;
  std::optional<std::int64_t> number(std::string_view field) const;
  bool flag(std::string_view field) const { return number(field).value_or(0) != 0; }
  // Takes the descriptor over, once; children do not get it. Empty when there is none.
  platform::Handle descriptor(std::string_view field) const;
  // Its number, without taking it.
  std::optional<int> descriptor_number(std::string_view field) const;

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

// Reads what was handed over, as far as it can be understood.
class Snapshot {
 public:
  // `memory` must have been written for the process `process`.
  Snapshot(platform::SealedMemory memory, std::int64_t process);
  Snapshot(Snapshot&&) noexcept = default;

  // The first record of that name, which is not taken.
  const SnapshotRecord* find(std::string_view name) const;
  // The records of that name, in their order.
  std::vector<const SnapshotRecord*> take(std::string_view name);

  // What is wrong with the records; those that are left can be used. Of another version these are
  // the records "channel" and "pid-file", whose form does not change.
  const std::optional<std::string>& damage() const { return damage_; }

  // Closes the descriptors that nobody has taken, and tells what was not taken.
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
