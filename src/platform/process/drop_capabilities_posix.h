// Drops the capabilities that remain when a process has become another user.
#pragma once

namespace bellhop::platform {

// Drops every capability of the calling process and prevents other processes from tracing it.
// Called by a child that has just become another user: a process that was not root, but had the
// capabilities to change its user, still has them. Makes only system calls: safe after fork().
// Returns false, with errno set, when it may still have any.
bool drop_capabilities();

}  // namespace bellhop::platform
