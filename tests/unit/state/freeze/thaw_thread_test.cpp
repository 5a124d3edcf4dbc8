// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/thaw_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "unit/state/fake_filesystems.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Barrier;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using namespace std::chrono_literals;

ThawThread::TimePoint in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// Records calls, whether they are for a deadline, and waits for them.
class Calls {
 public:
  void add(bool expired) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(expired);
    changed_.notify_all();
  }
  void await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_.size() >= count; });
  }
  std::vector<bool> get() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> calls_;
};

TEST(ThawThread, ExpiresOnceForEachDeadline) {
  Calls calls;
  {
    ThawThread thread([&](bool expired) { calls.add(expired); });
    EXPECT_TRUE(thread.set_deadline(in(0ms)));
    calls.await(1);
    EXPECT_TRUE(thread.set_deadline(in(1ms)));
    calls.await(2);
  }
  EXPECT_THAT(calls.get(), ElementsAre(true, true));
}

TEST(ThawThread, ReplacesTheDeadline) {
  Calls calls;
  ThawThread thread([&](bool expired) { calls.add(expired); });
  EXPECT_TRUE(thread.set_deadline(in(24h)));
  EXPECT_TRUE(thread.set_deadline(in(0ms)));
  calls.await(1);
}

TEST(ThawThread, AcceptsADeadlineInItsAction) {
  Calls calls;
  ThawThread* self = nullptr;
  ThawThread thread([&](bool expired) {
    calls.add(expired);
    if (calls.get().size() == 3) return;
    EXPECT_TRUE(self->set_deadline(in(0ms)));
  });
  self = &thread;
  EXPECT_TRUE(thread.set_deadline(in(0ms)));
  calls.await(3);
}

TEST(ThawThread, DoesNothingAfterItIsCancelledOrDestroyed) {
  Calls calls;
  {
    ThawThread thread([&](bool expired) { calls.add(expired); });
    EXPECT_FALSE(thread.cancel());
    const auto deadline = in(24h);
    EXPECT_TRUE(thread.set_deadline(deadline));
    EXPECT_EQ(thread.cancel(), deadline);
    EXPECT_TRUE(thread.set_deadline(deadline));
  }
  EXPECT_THAT(calls.get(), IsEmpty());
}

TEST(ThawThread, KeepsItsDeadlineDuringARequest) {
  Calls calls;
  ThawThread thread([&](bool expired) { calls.add(expired); });
  const auto deadline = in(24h);
  EXPECT_TRUE(thread.set_deadline(deadline));
  EXPECT_TRUE(thread.request());
  calls.await(1);
  EXPECT_THAT(calls.get(), ElementsAre(false));
  EXPECT_EQ(thread.cancel(), deadline);
}

TEST(ThawThread, RunsARequestBeforeItIsDestroyed) {
  Calls calls;
  Barrier barrier;
  {
    ThawThread thread([&](bool expired) {
      barrier.pass();
      calls.add(expired);
    });
    EXPECT_TRUE(thread.request());
    barrier.await_thread();
    EXPECT_TRUE(thread.request());
    barrier.open();
  }
  EXPECT_THAT(calls.get(), ElementsAre(false, false));
}

}  // namespace
}  // namespace bellhop::state
