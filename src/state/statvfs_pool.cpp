// SPDX-License-Identifier: Apache-2.0
#include "state/statvfs_pool.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/mutex.h"
#include "state/workers.h"

namespace bellhop::state {

struct StatvfsPool::Shared {
  Shared(Statvfs how, Limits limits_of_queries)
      : statvfs(std::move(how)),
        limits(limits_of_queries),
        workers(limits.threads, 0, "bellhop-statvfs") {}

  const Statvfs statvfs;
  const Limits limits;
  Workers workers;
  Mutex mutex;                                // also for all batches
  std::size_t threads GUARDED_BY(mutex) = 0;  // of all batches, that have not done their work
  // Mounts that timed out and have not answered.
  std::unordered_set<std::uint64_t> stuck GUARDED_BY(mutex);
};

// The queries of one call that share a timeout, and the threads that run them. The call leaves the
// batch when the timeout expires; stuck threads keep it alive until they are done.
class StatvfsPool::Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(std::shared_ptr<Shared> shared, std::vector<Query> queries)
      : shared_(std::move(shared)), queries_(std::move(queries)), answers_(queries_.size()) {}

  // Skips filesystems that are stuck and starts up to `max_threads` threads for the others.
  void start(std::size_t max_threads) {
    const MutexLock lock(shared_->mutex);
    for (std::size_t i = 0; i < queries_.size(); ++i) {
      if (!shared_->stuck.contains(queries_[i].mount_id)) waiting_.push_back(i);
    }
    std::ranges::reverse(waiting_);
    const auto task = [batch = shared_from_this()] { batch->work(); };
    while (threads_ < std::min(max_threads, waiting_.size()) &&
           shared_->workers.run(task, "statvfs")) {
      ++threads_;
      ++shared_->threads;
    }
  }

  // Waits until no thread has a query or `limit` is reached, and returns the answers.
  std::vector<std::optional<Size>> finish(std::chrono::steady_clock::time_point limit) {
    const MutexLock lock(shared_->mutex);
    ended_.wait_until(shared_->mutex, limit,
                      [this]() REQUIRES(shared_->mutex) { return threads_ == 0; });
    waiting_.clear();
    abandoned_ = true;
    for (const std::size_t i : asking_) shared_->stuck.insert(queries_[i].mount_id);
    return std::move(answers_);
  }

 private:
  void work() {
    MutexLock lock(shared_->mutex);
    while (!waiting_.empty()) {
      const std::size_t i = waiting_.back();
      waiting_.pop_back();
      asking_.insert(i);
      lock.unlock();
      const auto answer = size_of(queries_[i]);
      lock.lock();
      asking_.erase(i);
      if (abandoned_) {
        shared_->stuck.erase(queries_[i].mount_id);
      } else {
        answers_[i] = answer;
      }
    }
    --threads_;
    --shared_->threads;
    ended_.notify_all();
  }

  std::optional<Size> size_of(const Query& query) const {
    for (const platform::MountPlace& place : query.places) {
      if (auto size = shared_->statvfs(place)) return size;
    }
    return std::nullopt;
  }

  const std::shared_ptr<Shared> shared_;
  const std::vector<Query> queries_;
  ConditionVariable ended_;  // a thread has no query left
  // Indices in queries_.
  std::vector<std::size_t> waiting_ GUARDED_BY(shared_->mutex);  // the next one last
  std::unordered_set<std::size_t> asking_ GUARDED_BY(shared_->mutex);
  std::vector<std::optional<Size>> answers_ GUARDED_BY(shared_->mutex);
  std::size_t threads_ GUARDED_BY(shared_->mutex) = 0;
  bool abandoned_ GUARDED_BY(shared_->mutex) = false;
};

StatvfsPool::StatvfsPool(Statvfs statvfs, Limits limits)
    : shared_(std::make_shared<Shared>(std::move(statvfs), limits)) {}

std::vector<std::optional<StatvfsPool::Size>> StatvfsPool::query(std::span<const Query> queries) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Query> parts[2];
  for (const Query& one : queries) parts[one.may_block].push_back(one);
  const auto local = std::make_shared<Batch>(shared_, std::move(parts[false]));
  const auto remote = std::make_shared<Batch>(shared_, std::move(parts[true]));
  local->start(1);
  // Each on a thread of its own, so that one that is dead does not hide the others.
  remote->start(shared_->limits.threads);
  const auto remote_answers = remote->finish(now + shared_->limits.remote);
  const auto local_answers = local->finish(now + shared_->limits.local);

  std::vector<std::optional<Size>> sizes;
  sizes.reserve(queries.size());
  auto next_local = local_answers.begin();
  auto next_remote = remote_answers.begin();
  for (const Query& one : queries) {
    sizes.push_back(one.may_block ? *next_remote++ : *next_local++);
  }
  return sizes;
}

bool StatvfsPool::is_waiting() const {
  const MutexLock lock(shared_->mutex);
  return shared_->threads != 0;
}

}  // namespace bellhop::state
