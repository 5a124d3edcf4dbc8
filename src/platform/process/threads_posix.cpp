// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <system_error>
#include <utility>

#include "platform/process/signals_posix.h"
#include "platform/process/threads.h"

namespace bellhop::platform {

Result<std::jthread> start_thread(ThreadName name, std::move_only_function<void()> function) {
  const ScopedSignalBlock held;
  try {
    return std::jthread([name, function = std::move(function)]() mutable {
      ::pthread_setname_np(::pthread_self(), name.text());
      function();
    });
  } catch (const std::system_error& refused) {
    return system_failure(refused.code().value(), "cannot start a thread");
  }
}

}  // namespace bellhop::platform
