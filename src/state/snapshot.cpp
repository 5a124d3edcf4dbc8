// SPDX-License-Identifier: Apache-2.0
#include "state/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "base/text.h"
#include "platform/process/reexec.h"

namespace bellhop::state {
namespace {

constexpr std::size_t flush_threshold = std::size_t{64} << 10;

// Records whose format is the same in all versions: without them the successor could not serve, or
// two agents could run.
constexpr std::array stable_records{std::string_view("channel"), std::string_view("pid-file")};

// The next line; nullopt if it has no line feed.
std::optional<std::string_view> consume_whole_line(std::string_view& rest) {
  return rest.contains('\n') ? std::optional(text::consume_line(rest)) : std::nullopt;
}

std::string_view consume_field(std::string_view& line) {
  return text::consume_until(line, ' ');
}

}  // namespace

SnapshotWriter::SnapshotWriter(std::int64_t process, std::size_t limit)
    : file_(platform::MemoryFile::create()), room_(limit) {
  append(fmt::format("bellhop handover {} {}\n", snapshot_version, process));
}

void SnapshotWriter::begin(std::string_view record) {
  append(fmt::format("record {}\n", record));
}

void SnapshotWriter::text(std::string_view field, std::string_view bytes) {
  append(fmt::format("text {} {}\n", field, bytes.size()));
  append(bytes);
  append("\n");
}

void SnapshotWriter::number(std::string_view field, std::int64_t value) {
  append(fmt::format("number {} {}\n", field, value));
}

void SnapshotWriter::descriptor(std::string_view field, platform::NativeHandle descriptor) {
  if (descriptor == platform::no_handle) return;
  append(fmt::format("descriptor {} {}\n", field, platform::handle_number(descriptor)));
  descriptors_.push_back(descriptor);
}

void SnapshotWriter::append(std::string_view bytes) {
  if (!file_) return;
  if (bytes.size() > room_) {
    file_ = failure("there is too much to hand over, more than fits its limit of {} MiB",
                    max_size >> 20);
    return;
  }
  room_ -= bytes.size();
  if (bytes.size() < flush_threshold) {
    buffer_ += bytes;
    if (buffer_.size() >= flush_threshold) flush();
    return;
  }
  flush();
  if (!file_) return;
  if (auto written = file_->append(bytes); !written) {
    file_ = std::unexpected(std::move(written).error());
  }
}

void SnapshotWriter::flush() {
  auto written = file_->append(buffer_);
  buffer_.clear();
  if (!written) file_ = std::unexpected(std::move(written).error());
}

Result<platform::MemoryFile> SnapshotWriter::finish() {
  append("end\n");
  if (file_) flush();
  if (!file_) return std::unexpected(file_.error());
  TRY(file_->seal());
  return std::move(file_);
}

const SnapshotRecord::Field* SnapshotRecord::find(Kind kind, std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.kind == kind && field.name == name) return &field;
  }
  return nullptr;
}

std::optional<std::string_view> SnapshotRecord::text(std::string_view field) const {
  const Field* found = find(Kind::text, field);
  return found ? std::optional(found->text) : std::nullopt;
}

std::optional<std::int64_t> SnapshotRecord::number(std::string_view field) const {
  const Field* found = find(Kind::number, field);
  return found ? std::optional(found->number) : std::nullopt;
}

std::optional<std::int64_t> SnapshotRecord::descriptor_number(std::string_view field) const {
  const Field* found = find(Kind::descriptor, field);
  return found ? std::optional(found->number) : std::nullopt;
}

platform::Handle SnapshotRecord::descriptor(std::string_view field) const {
  return platform::claim_inherited(descriptor_number(field).value_or(-1));
}

Snapshot::Snapshot(platform::SealedMemory memory, std::int64_t process)
    : memory_(std::move(memory)) {
  read(memory_.bytes(), process);
}

void Snapshot::read(std::string_view rest, std::int64_t process) {
  const auto header = consume_whole_line(rest);
  read_header(header.value_or(""), process);
  read_records(rest);
  // The fds in the records are invalid in another process.
  std::erase_if(records_, [this](const SnapshotRecord& record) {
    const bool stable = std::ranges::find(stable_records, record.name_) != stable_records.end();
    return use_ == Use::none || (use_ == Use::stable && !stable);
  });
}

void Snapshot::read_records(std::string_view rest) {
  while (const auto line = consume_whole_line(rest)) {
    std::string_view words = *line;
    if (words == "end") return;
    if (consume_field(words) == "record") {
      records_.emplace_back().name_ = words;
    } else if (records_.empty() || !read_field(*line, rest)) {
      // Drops the incomplete record.
      if (!records_.empty()) records_.pop_back();
      return parse_error("it is damaged after its first bytes");
    }
  }
  if (!records_.empty()) records_.pop_back();
  parse_error("its end is missing");
}

void Snapshot::read_header(std::string_view line, std::int64_t process) {
  const bool ours = consume_field(line) == "bellhop" && consume_field(line) == "handover";
  const auto version = text::parse_number<std::int64_t>(consume_field(line));
  const auto writer = text::parse_number<std::int64_t>(line);
  if (!ours || !version || !writer || *writer != process) {
    use_ = Use::none;
    return parse_error("it was not made for this process");
  }
  if (*version != snapshot_version) {
    parse_error(fmt::format("it has version {}, this program reads version {}", *version,
                            snapshot_version));
    use_ = Use::stable;
  }
}

bool Snapshot::read_field(std::string_view line, std::string_view& rest) {
  using Kind = SnapshotRecord::Kind;
  const std::string_view kind = consume_field(line);
  SnapshotRecord::Field field{.kind = Kind::number, .name = consume_field(line), .text = {}};
  const auto number = text::parse_number<std::int64_t>(line);
  if (!number) return false;
  field.number = *number;
  if (kind == "descriptor") {
    if (*number < 0 || *number > std::numeric_limits<int>::max()) return false;
    field.kind = Kind::descriptor;
  } else if (kind == "text") {
    const auto size = static_cast<std::size_t>(*number);
    if (*number < 0 || size >= rest.size() || rest[size] != '\n') return false;
    field.kind = Kind::text;
    field.text = rest.substr(0, size);
    rest.remove_prefix(size + 1);
  } else if (kind != "number") {
    return false;
  }
  records_.back().fields_.push_back(field);
  return true;
}

void Snapshot::parse_error(std::string_view what) {
  if (!damage_) damage_ = fmt::format("what the program before left behind is not whole: {}", what);
}

const SnapshotRecord* Snapshot::find(std::string_view name) const {
  for (const SnapshotRecord& record : records_) {
    if (record.name_ == name) return &record;
  }
  return nullptr;
}

std::vector<const SnapshotRecord*> Snapshot::take(std::string_view name) {
  std::vector<const SnapshotRecord*> found;
  for (SnapshotRecord& record : records_) {
    if (record.name_ != name || record.taken_) continue;
    record.taken_ = true;
    found.push_back(&record);
  }
  return found;
}

std::vector<std::string> Snapshot::close_rest() {
  std::map<std::string_view, int> left;
  for (const SnapshotRecord& record : records_) {
    if (!record.taken_) ++left[record.name_];
    for (const auto& field : record.fields_) {
      if (field.kind == SnapshotRecord::Kind::descriptor) {
        static_cast<void>(record.descriptor(field.name));
      }
    }
  }
  if (damage_) platform::close_inherited();
  std::vector<std::string> losses;
  losses.reserve(left.size());
  for (const auto& [name, count] : left) losses.push_back(fmt::format("{} of '{}'", count, name));
  return losses;
}

}  // namespace bellhop::state
