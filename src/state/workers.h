// SPDX-License-Identifier: Apache-2.0
// Threads for what may block.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "platform/process/threads.h"

namespace bellhop::state {

// Runs tasks, each on its own thread, up to a limit. A task that never returns occupies only its
// thread; other tasks run on other threads. Idle threads sleep, and all but `kept_idle` end.
// Thread-safe.
class Workers {
 public:
  using Task = std::function<void()>;

  // At most `limit` tasks run at a time. Most clients send one command at a time: two idle threads
  // are enough for them.
  explicit Workers(std::size_t limit, std::size_t kept_idle = 2,
                   platform::ThreadName thread_name = "bellhop-worker");
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs `task` soon, on a thread. `name` identifies it in messages and must outlive the task.
  // Returns false, without running the task, if `limit` tasks are running or no thread can be
  // created.
  bool run(Task task, std::string_view name);

  // The names of the tasks that have not ended, in the order of their start.
  std::vector<std::string_view> running() const;

  // Accepts no more tasks and waits up to `timeout` for running tasks. Returns false if some are
  // still running: the process must then end with std::_Exit(), without destroying what tasks use.
  bool stop(std::chrono::milliseconds timeout);

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // a stuck thread may outlive this object
};

}  // namespace bellhop::state
