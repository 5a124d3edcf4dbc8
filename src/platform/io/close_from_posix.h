// Closes all fds from a given one up, between fork and exec.
#pragma once

namespace bellhop::platform {

// Closes fd `first` and all above it. Makes only system calls: safe after vfork(). Returns false,
// with errno set, when some may still be open.
bool close_from(int first);

}  // namespace bellhop::platform
