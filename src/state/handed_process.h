// Processes in what one program hands over to the next.
#pragma once

#include <span>

#include "platform/process.h"
#include "state/handover.h"

namespace bellhop::state {

// Adds the fields of a process to the record that has begun. It stays the writer's, too.
void write_process(HandoverWriter& writer, const platform::HandedProcess& process);

// The process of a record, without an observer.
platform::HandedProcess read_process(const HandoverRecord& record);

// For processes whose end and output nobody here asks for: programs of the system, and what they
// have left running.
void hand_over(HandoverWriter& writer, std::span<const platform::HandedProcess> released);
void take_over(Handover& handover, platform::Processes& processes);

}  // namespace bellhop::state
