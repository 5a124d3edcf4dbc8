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

// Runs tasks on threads, as many as there are tasks, up to a limit. A task that never returns costs
// its thread and no more: others get threads of their own. Idle threads wait without waking up, and
// all but `kept_idle` end. Thread-safe.
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

  // Runs `task` soon, on some thread. `name` says what it is, for messages. False when `limit`
  // tasks are running, or when the system gives no more threads: the task is then not run.
  bool run(Task task, std::string_view name);

  // The names of the tasks that have not ended.
  std::vector<std::string_view> running() const;

  // Takes no more tasks and waits at most `timeout` for those that run. False when some are still
  // running: the process can then only leave by _exit(2), without destroying what tasks use.
  bool stop(std::chrono::milliseconds timeout);

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // threads that are stuck may outlive this object
};

}  // namespace bellhop::state
