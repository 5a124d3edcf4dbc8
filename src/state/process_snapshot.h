// SPDX-License-Identifier: Apache-2.0
// Processes in a snapshot.
#pragma once

#include <span>

#include "platform/process/process.h"
#include "state/snapshot.h"

namespace bellhop::state {

// Adds the fields of a process to the current record. The writer does not take ownership.
void write_process(SnapshotWriter& writer, const platform::ProcessSnapshot& process);

// The process of a record, without an observer.
platform::ProcessSnapshot read_process(const SnapshotRecord& record);

// For processes whose exit and output no client asks for: helper programs, and processes that they
// have left running.
void snapshot(SnapshotWriter& writer, std::span<const platform::ProcessSnapshot> released);
void restore(Snapshot& snapshot, platform::Processes& processes);

}  // namespace bellhop::state
