// SPDX-License-Identifier: Apache-2.0
#include <system_error>
#include <utility>

#include "platform/process/threads.h"

namespace bellhop::platform {

Result<std::jthread> start_thread(ThreadName, std::move_only_function<void()> function) {
  try {
    return std::jthread(std::move(function));
  } catch (const std::system_error& refused) {
    return system_failure(refused.code(), "cannot start a thread");
  }
}

}  // namespace bellhop::platform
