// SPDX-License-Identifier: Apache-2.0
#include "state/workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "unit/state/fake_filesystems.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Barrier;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(Workers, ListRunningTasks) {
  Workers workers(3);
  EXPECT_THAT(workers.running(), IsEmpty());
  Barrier first;
  Barrier second;
  ASSERT_TRUE(workers.run([&] { first.pass(); }, "first"));
  ASSERT_TRUE(workers.run([&] { second.pass(); }, "second"));
  EXPECT_THAT(workers.running(), UnorderedElementsAre("first", "second"));
  first.open();
  while (workers.running().size() > 1) std::this_thread::yield();
  EXPECT_THAT(workers.running(), UnorderedElementsAre("second"));
  second.open();
  EXPECT_TRUE(workers.stop(std::chrono::minutes(1)));
  EXPECT_THAT(workers.running(), IsEmpty());
}

TEST(Workers, DoNotListRejectedTasks) {
  Workers workers(1);
  Barrier barrier;
  ASSERT_TRUE(workers.run([&] { barrier.pass(); }, "first"));
  EXPECT_FALSE(workers.run([] {}, "second"));
  EXPECT_THAT(workers.running(), UnorderedElementsAre("first"));
  barrier.open();
  EXPECT_TRUE(workers.stop(std::chrono::minutes(1)));
}

}  // namespace
}  // namespace bellhop::state
