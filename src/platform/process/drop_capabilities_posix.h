// What is left of root's power when a process has become another user.
#pragma once

namespace bellhop::platform {

// Gives up every capability of the calling process, and keeps others from tracing it. For a child
// that has just become another user: one that was not root before, but had the capabilities to do
// so, still has them. Makes only system calls. False, with errno, when it has kept any.
bool drop_capabilities();

}  // namespace bellhop::platform
