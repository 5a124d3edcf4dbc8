// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/thaw_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "unit/state/fake_filesystems.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Barrier;
using ::testing::ElementsAre;

TEST(ThawThread, RunsTasksInOrder) {
  std::vector<int> done;
  {
    Barrier barrier;
    ThawThread thread;
    EXPECT_TRUE(thread.run([&] { barrier.pass(); }));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(thread.run([&, i] { done.push_back(i); }));
    barrier.open();
  }
  EXPECT_THAT(done, ElementsAre(0, 1, 2));
}

TEST(ThawThread, RunsATaskThatATaskAdds) {
  std::vector<int> done;
  {
    ThawThread thread;
    EXPECT_TRUE(thread.run([&] {
      done.push_back(1);
      EXPECT_TRUE(thread.run([&] { done.push_back(2); }));
    }));
  }
  EXPECT_THAT(done, ElementsAre(1, 2));
}

TEST(ThawThread, RunsTasksAfterAnEarlierThreadHasEnded) {
  int done = 0;
  ThawThread thread;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(thread.run([&] { ++done; }));
    thread.wait();
    EXPECT_EQ(done, i + 1);
  }
}

}  // namespace
}  // namespace bellhop::state
