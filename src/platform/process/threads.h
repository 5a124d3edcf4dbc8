// Threads with a name that take no signals.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>

#include "base/error.h"

namespace bellhop::platform {

// The name of a thread, a literal of at most 15 bytes: Linux has no room for more.
class ThreadName {
 public:
  template <std::size_t Size>
    requires(Size <= 16)
  consteval ThreadName(const char (&text)[Size]) : text_(text) {}  // NOLINT(google-explicit-*)

  const char* text() const { return text_; }

 private:
  const char* text_;
};

// Starts a thread. ps(1) and debuggers show its name. It takes no signals for its lifetime: they
// are for the thread that handles them, and a signal that this one blocks must reach no other.
// Errors: `cannot start a thread: …`, when the operating system has none to give.
Result<std::jthread> start_thread(ThreadName name, std::move_only_function<void()> function);

}  // namespace bellhop::platform
