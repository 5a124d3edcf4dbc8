#include "state/filesystem_sizes.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <utility>

#include "platform/quiet_threads.h"

namespace bellhop::state {

struct FilesystemSizes::Shared {
  Shared(Ask how, Limits most) : ask(std::move(how)), limits(most) {}

  const Ask ask;
  const Limits limits;
  std::mutex mutex;  // of everything below and of all rounds
  std::size_t threads = 0;
  std::unordered_set<std::uint64_t> stuck;  // mounts that were given up and have not answered
};

// The questions of one call that share a limit, and the threads that ask them. The call leaves it
// at the limit; threads that are stuck keep it until they are done.
class FilesystemSizes::Round : public std::enable_shared_from_this<Round> {
 public:
  Round(std::shared_ptr<Shared> shared, std::vector<Question> questions)
      : shared_(std::move(shared)), questions_(std::move(questions)), answers_(questions_.size()) {}

  // Leaves out what is known to be stuck and starts at most so many threads for the others.
  void start(std::size_t threads) {
    const std::lock_guard lock(shared_->mutex);
    for (std::size_t i = 0; i < questions_.size(); ++i) {
      if (!shared_->stuck.contains(questions_[i].mount_id)) waiting_.push_back(i);
    }
    open_ = waiting_.size();
    std::ranges::reverse(waiting_);
    threads = std::min({threads, open_, shared_->limits.threads - shared_->threads});
    for (; threads > 0; --threads) {
      try {
        platform::start_quietly(
            [this] { std::thread([round = shared_from_this()] { round->work(); }).detach(); });
      } catch (const std::system_error&) {
        break;
      }
      ++shared_->threads;
      ++workers_;
    }
  }

  // The answers that are there when all are, or at the limit.
  std::vector<std::optional<Size>> finish(std::chrono::steady_clock::time_point limit) {
    std::unique_lock lock(shared_->mutex);
    answered_.wait_until(lock, limit, [this] { return open_ == 0 || workers_ == 0; });
    waiting_.clear();
    given_up_ = true;
    for (const std::size_t i : asking_) shared_->stuck.insert(questions_[i].mount_id);
    return std::move(answers_);
  }

 private:
  void work() {
    std::unique_lock lock(shared_->mutex);
    while (!waiting_.empty()) {
      const std::size_t i = waiting_.back();
      waiting_.pop_back();
      asking_.insert(i);
      lock.unlock();
      const auto answer = shared_->ask(questions_[i].path);
      lock.lock();
      asking_.erase(i);
      if (given_up_) {
        shared_->stuck.erase(questions_[i].mount_id);
      } else {
        answers_[i] = answer;
        --open_;
      }
    }
    --workers_;
    --shared_->threads;
    answered_.notify_all();
  }

  const std::shared_ptr<Shared> shared_;
  const std::vector<Question> questions_;
  std::condition_variable answered_;  // all questions, or the last thread has gone
  // Places in questions_.
  std::vector<std::size_t> waiting_;  // the next one last
  std::unordered_set<std::size_t> asking_;
  std::vector<std::optional<Size>> answers_;
  std::size_t open_ = 0;  // how many questions have no answer
  std::size_t workers_ = 0;
  bool given_up_ = false;
};

FilesystemSizes::FilesystemSizes(Ask ask, Limits limits)
    : shared_(std::make_shared<Shared>(std::move(ask), limits)) {}

std::vector<std::optional<FilesystemSizes::Size>> FilesystemSizes::ask(
    std::span<const Question> questions) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Question> parts[2];
  for (const Question& question : questions) parts[question.may_block].push_back(question);
  const auto local = std::make_shared<Round>(shared_, std::move(parts[false]));
  const auto served = std::make_shared<Round>(shared_, std::move(parts[true]));
  local->start(1);
  // Each on a thread of its own, so that one that is dead does not hide the others.
  served->start(shared_->limits.threads);
  const auto served_answers = served->finish(now + shared_->limits.served);
  const auto local_answers = local->finish(now + shared_->limits.local);

  std::vector<std::optional<Size>> sizes;
  sizes.reserve(questions.size());
  auto next_local = local_answers.begin();
  auto next_served = served_answers.begin();
  for (const Question& question : questions) {
    sizes.push_back(question.may_block ? *next_served++ : *next_local++);
  }
  return sizes;
}

bool FilesystemSizes::is_waiting() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->threads != 0;
}

}  // namespace bellhop::state
