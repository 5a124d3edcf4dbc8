#include "state/timer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace bellhop::state {
namespace {

using namespace std::chrono_literals;

// Counts calls and waits for them.
class Calls {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST(Timer, ExpiresOnceForEachSet) {
  Calls calls;
  {
    Timer timer([&] { calls.add(); });
    EXPECT_TRUE(timer.set(0ms));
    calls.await(1);
    EXPECT_TRUE(timer.set(1ms));
    calls.await(2);
  }
  EXPECT_EQ(calls.count(), 2);
}

TEST(Timer, CanBeSetAgainWhileItRuns) {
  Calls calls;
  Timer timer([&] { calls.add(); });
  EXPECT_TRUE(timer.set(24h));
  EXPECT_TRUE(timer.set(0ms));
  calls.await(1);
}

TEST(Timer, CanBeSetByItsCallback) {
  Calls calls;
  Timer* self = nullptr;
  Timer timer([&] {
    calls.add();
    if (calls.count() < 3) self->set(0ms);
  });
  self = &timer;
  EXPECT_TRUE(timer.set(0ms));
  calls.await(3);
}

TEST(Timer, DoesNothingAfterItIsCancelledOrDestroyed) {
  Calls calls;
  {
    Timer timer([&] { calls.add(); });
    timer.cancel();
    EXPECT_TRUE(timer.set(24h));
    timer.cancel();
    EXPECT_TRUE(timer.set(24h));
  }
  EXPECT_EQ(calls.count(), 0);
}

}  // namespace
}  // namespace bellhop::state
