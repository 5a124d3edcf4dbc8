// Threads that take no signals.
#pragma once

#include <functional>

namespace bellhop::platform {

// Calls `start`. The threads that it starts take no signals, for as long as they live: those of the
// process are for the thread that handles them, and what it holds back no other takes. What `start`
// throws goes on to the caller.
void start_with_signals_blocked(const std::function<void()>& start);

}  // namespace bellhop::platform
