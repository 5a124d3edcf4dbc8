// Closes all descriptors from a number on, between fork and exec.
#pragma once

namespace bellhop::platform {

// Closes descriptor `first` and all above it. Makes only system calls: safe after vfork().
// False, with errno, when some may be left.
bool close_from(int first);

}  // namespace bellhop::platform
