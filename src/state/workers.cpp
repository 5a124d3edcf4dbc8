// SPDX-License-Identifier: Apache-2.0
#include "state/workers.h"

#include <list>
#include <utility>

#include "base/mutex.h"

namespace bellhop::state {

struct Workers::Shared {
  struct Named {
    Task task;
    std::string_view name;
  };

  Shared(std::size_t max_tasks, std::size_t max_idle, platform::ThreadName thread_name)
      : limit(max_tasks), kept_idle(max_idle), name(thread_name) {}

  const std::size_t limit;
  const std::size_t kept_idle;
  const platform::ThreadName name;
  Mutex mutex;
  ConditionVariable wake;   // for idle threads: a task, or stopping
  ConditionVariable ended;  // for stop(): a thread has gone
  // Never more than there are idle or starting threads.
  std::list<Named> tasks GUARDED_BY(mutex);
  std::list<Named> running GUARDED_BY(mutex);
  std::size_t threads GUARDED_BY(mutex) = 0;
  std::size_t idle GUARDED_BY(mutex) = 0;
  bool stopping GUARDED_BY(mutex) = false;
};

Workers::Workers(std::size_t limit, std::size_t kept_idle, platform::ThreadName thread_name)
    : shared_(std::make_shared<Shared>(limit, kept_idle, thread_name)) {}

Workers::~Workers() {
  stop(std::chrono::milliseconds(0));
}

bool Workers::run(Task task, std::string_view name) {
  const MutexLock lock(shared_->mutex);
  if (shared_->stopping) return false;
  if (shared_->idle > shared_->tasks.size()) {
    shared_->tasks.push_back({std::move(task), name});
    shared_->wake.notify_one();
    return true;
  }
  if (shared_->threads == shared_->limit) return false;
  shared_->tasks.push_back({std::move(task), name});
  auto thread = platform::start_thread(shared_->name, [shared = shared_] { work(shared); });
  if (!thread) {
    shared_->tasks.pop_back();
    return false;
  }
  thread->detach();
  ++shared_->threads;
  return true;
}

void Workers::work(const std::shared_ptr<Shared>& shared) {
  MutexLock lock(shared->mutex);
  for (;;) {
    if (!shared->tasks.empty()) {
      const auto named = shared->tasks.begin();
      shared->running.splice(shared->running.end(), shared->tasks, named);
      lock.unlock();
      named->task();
      named->task = nullptr;  // destroys its captures without the lock
      lock.lock();
      shared->running.erase(named);
    } else if (shared->stopping || shared->idle == shared->kept_idle) {
      break;
    } else {
      ++shared->idle;
      shared->wake.wait(shared->mutex);
      --shared->idle;
    }
  }
  --shared->threads;
  shared->ended.notify_all();
}

std::vector<std::string_view> Workers::running() const {
  const MutexLock lock(shared_->mutex);
  std::vector<std::string_view> names;
  for (const auto* list : {&shared_->running, &shared_->tasks}) {
    for (const auto& named : *list) names.push_back(named.name);
  }
  return names;
}

bool Workers::stop(std::chrono::milliseconds timeout) {
  const MutexLock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->wake.notify_all();
  return shared_->ended.wait_for(
      shared_->mutex, timeout, [this]() REQUIRES(shared_->mutex) { return shared_->threads == 0; });
}

}  // namespace bellhop::state
