// Processes in what one program hands over to the next.
#pragma once

#include <span>

#include "platform/process/process.h"
#include "state/snapshot.h"

namespace bellhop::state {

// Adds the fields of a process to the record that has begun. It stays the writer's, too.
void write_process(SnapshotWriter& writer, const platform::ProcessSnapshot& process);

// The process of a record, without an observer.
platform::ProcessSnapshot read_process(const SnapshotRecord& record);

// For processes whose end and output nobody here asks for: programs of the system, and what they
// have left running.
void snapshot(SnapshotWriter& writer, std::span<const platform::ProcessSnapshot> released);
void restore(Snapshot& snapshot, platform::Processes& processes);

}  // namespace bellhop::state
