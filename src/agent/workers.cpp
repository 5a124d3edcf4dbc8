#include "agent/workers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace bellhop::agent {
namespace {

// Threads that stay for the next task. Most clients send one command at a time.
constexpr std::size_t kept_idle = 2;

}  // namespace

struct Workers::Shared {
  explicit Shared(std::size_t most) : limit(most) {}

  const std::size_t limit;
  std::mutex mutex;
  std::condition_variable wake;   // for idle threads: a task, or stopping
  std::condition_variable ended;  // for stop(): a thread has gone
  std::deque<Task> tasks;         // never more than there are idle or starting threads
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool stopping = false;
};

Workers::Workers(std::size_t limit) : shared_(std::make_shared<Shared>(limit)) {}

Workers::~Workers() {
  stop(std::chrono::milliseconds(0));
}

bool Workers::run(Task task) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->stopping) return false;
  if (shared_->idle > shared_->tasks.size()) {
    shared_->tasks.push_back(std::move(task));
    shared_->wake.notify_one();
    return true;
  }
  if (shared_->threads == shared_->limit) return false;
  shared_->tasks.push_back(std::move(task));
  try {
    std::thread([shared = shared_] { work(shared); }).detach();
  } catch (const std::system_error&) {
    shared_->tasks.pop_back();
    return false;
  }
  ++shared_->threads;
  return true;
}

void Workers::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    if (!shared->tasks.empty()) {
      Task task = std::move(shared->tasks.front());
      shared->tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // what it holds goes before the lock is taken
      lock.lock();
    } else if (shared->stopping || shared->idle == kept_idle) {
      break;
    } else {
      ++shared->idle;
      shared->wake.wait(lock);
      --shared->idle;
    }
  }
  --shared->threads;
  shared->ended.notify_all();
}

bool Workers::stop(std::chrono::milliseconds patience) {
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->wake.notify_all();
  return shared_->ended.wait_for(lock, patience, [this] { return shared_->threads == 0; });
}

}  // namespace bellhop::agent
