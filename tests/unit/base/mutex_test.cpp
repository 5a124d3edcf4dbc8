// SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace bellhop {
namespace {

using namespace std::chrono_literals;

struct Counter {
  Mutex mutex;
  ConditionVariable changed;
  int value GUARDED_BY(mutex) = 0;

  void add() {
    const MutexLock lock(mutex);
    ++value;
    changed.notify_all();
  }
};

TEST(MutexLock, ExcludesOthers) {
  Counter counter;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) counter.add();
      });
    }
  }
  const MutexLock lock(counter.mutex);
  EXPECT_EQ(counter.value, 4000);
}

TEST(MutexLock, CanBeUnlockedTemporarily) {
  Counter counter;
  MutexLock lock(counter.mutex);
  lock.unlock();
  std::jthread(&Counter::add, &counter).join();
  lock.lock();
  EXPECT_EQ(counter.value, 1);
}

TEST(ConditionVariable, WaitsForItsCondition) {
  Counter counter;
  const std::jthread adder([&] {
    for (int i = 0; i < 3; ++i) counter.add();
  });
  const MutexLock lock(counter.mutex);
  counter.changed.wait(counter.mutex, [&]() REQUIRES(counter.mutex) { return counter.value == 3; });
  EXPECT_EQ(counter.value, 3);
}

TEST(ConditionVariable, ReturnsWhetherTheConditionIsTrue) {
  Counter counter;
  const MutexLock lock(counter.mutex);
  const auto holds = [&]() REQUIRES(counter.mutex) { return counter.value == 1; };
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(counter.changed.wait_for(counter.mutex, 20ms, holds));
  EXPECT_GE(std::chrono::steady_clock::now(), start + 20ms);
  counter.value = 1;
  EXPECT_TRUE(counter.changed.wait_until(counter.mutex, start, holds));
}

}  // namespace
}  // namespace bellhop
