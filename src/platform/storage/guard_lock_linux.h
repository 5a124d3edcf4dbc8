// SPDX-License-Identifier: Apache-2.0
// Locks that say who guards a freeze.
#pragma once

#include <sys/types.h>

#include "platform/io/handle.h"

namespace bellhop::platform {

// Locks on the mark, or on the state directory if there is no mark that can be opened.
enum class GuardLock {
  guard,  // held by the guard
  agent,  // held by the guard while it has an agent
};

// Takes a lock until the process ends or closes any descriptor of the file. False if another
// process has it.
bool take_guard_lock(NativeHandle file, GuardLock lock);
void release_guard_lock(NativeHandle file, GuardLock lock);

// The process that holds the lock; 0 if there is none, or it is the caller.
pid_t guard_lock_holder(NativeHandle file, GuardLock lock);

}  // namespace bellhop::platform
