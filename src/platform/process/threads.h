// SPDX-License-Identifier: Apache-2.0
// Named threads that block all signals.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>

#include "base/error.h"

namespace bellhop::platform {

// The name of a thread: a literal of at most 15 bytes, the limit of Linux.
class ThreadName {
 public:
  template <std::size_t Size>
    requires(Size <= 16)
  consteval ThreadName(const char (&text)[Size]) : text_(text) {}  // NOLINT(google-explicit-*)

  const char* text() const { return text_; }

 private:
  const char* text_;
};

// Starts a thread. ps(1) and debuggers show its name. The thread blocks all signals for its
// lifetime: one thread of the agent handles signals, and a signal that it has blocked must not
// reach another thread. Errors: `cannot start a thread: …`, when the operating system refuses.
Result<std::jthread> start_thread(ThreadName name, std::move_only_function<void()> function);

}  // namespace bellhop::platform
