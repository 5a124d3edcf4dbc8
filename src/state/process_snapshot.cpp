// SPDX-License-Identifier: Apache-2.0
#include "state/process_snapshot.h"

#include <string>
#include <utility>

namespace bellhop::state {
namespace {

constexpr std::string_view record_name = "program";

}  // namespace

void write_process(SnapshotWriter& writer, const platform::ProcessSnapshot& process) {
  writer.number("process", process.number);
  writer.flag("process-ended", process.ended);
  writer.descriptor("in", process.in.get());
  if (!process.input.empty()) writer.text("input", process.input);
  writer.descriptor("out", process.out.get());
  writer.descriptor("err", process.err.get());
}

platform::ProcessSnapshot read_process(const SnapshotRecord& record) {
  return {.number = record.number("process").value_or(0),
          .ended = record.flag("process-ended"),
          .in = record.descriptor("in"),
          .input = std::string(record.text("input").value_or("")),
          .out = record.descriptor("out"),
          .err = record.descriptor("err"),
          .observer = nullptr};
}

void snapshot(SnapshotWriter& writer, std::span<const platform::ProcessSnapshot> released) {
  for (const platform::ProcessSnapshot& process : released) {
    writer.begin(record_name);
    write_process(writer, process);
  }
}

void restore(Snapshot& snapshot, platform::Processes& processes) {
  for (const SnapshotRecord* record : snapshot.take(record_name)) {
    // No caller waits for the process, so an error is ignored.
    static_cast<void>(processes.restore(read_process(*record)));
  }
}

}  // namespace bellhop::state
