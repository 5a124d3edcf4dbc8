#include "state/handed_process.h"

#include <string>
#include <utility>

namespace bellhop::state {
namespace {

constexpr std::string_view record_name = "program";

}  // namespace

void write_process(HandoverWriter& writer, const platform::HandedProcess& process) {
  writer.number("process", process.number);
  writer.flag("process-ended", process.ended);
  writer.descriptor("in", process.in.get());
  if (!process.input.empty()) writer.text("input", process.input);
  writer.descriptor("out", process.out.get());
  writer.descriptor("err", process.err.get());
}

platform::HandedProcess read_process(const HandoverRecord& record) {
  return {.number = record.number("process").value_or(0),
          .ended = record.flag("process-ended"),
          .in = record.descriptor("in"),
          .input = std::string(record.text("input").value_or("")),
          .out = record.descriptor("out"),
          .err = record.descriptor("err"),
          .observer = nullptr};
}

void hand_over(HandoverWriter& writer, std::span<const platform::HandedProcess> released) {
  for (const platform::HandedProcess& process : released) {
    writer.begin(record_name);
    write_process(writer, process);
  }
}

void take_over(Handover& handover, platform::Processes& processes) {
  for (const HandoverRecord* record : handover.take(record_name)) {
    // Nobody waits for it; one that cannot be watched is lost to nobody.
    static_cast<void>(processes.adopt(read_process(*record)));
  }
}

}  // namespace bellhop::state
