// SPDX-License-Identifier: Apache-2.0
#include "state/statvfs_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <string>
#include <thread>

namespace bellhop::state {
namespace {

using std::chrono::milliseconds;
using Query = StatvfsPool::Query;
using Size = StatvfsPool::Size;

// A timeout that no test reaches.
constexpr milliseconds never{600'000};

// Fake filesystems, whose size is the length of their path. "/stuck…" block until release().
class Fake {
 public:
  ~Fake() { release(); }

  StatvfsPool::Statvfs statvfs() {
    return [state = state_](const platform::MountPlace& place) -> std::optional<Size> {
      {
        const std::lock_guard lock(state->mutex);
        state->paths.push_back(place.path);
      }
      if (place.path.starts_with("/stuck")) state->released.wait();
      if (place.path == "/silent") return std::nullopt;
      return Size{.used_bytes = place.path.size()};
    };
  }
  void release() {
    if (!std::exchange(released_, true)) state_->release.set_value();
  }
  // How often statvfs() was called for `path`.
  std::size_t calls(const std::string& path) const {
    const std::lock_guard lock(state_->mutex);
    return static_cast<std::size_t>(std::ranges::count(state_->paths, path));
  }

 private:
  // Shared with threads that may outlive the test.
  struct State {
    std::promise<void> release;
    std::shared_future<void> released{release.get_future()};
    std::mutex mutex;
    std::vector<std::string> paths;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  bool released_ = false;
};

Query query(std::uint64_t mount, std::string path, bool may_block) {
  return {.mount_id = mount, .places = {{.path = std::move(path)}}, .may_block = may_block};
}

std::vector<std::uint64_t> used(const std::vector<std::optional<Size>>& sizes) {
  std::vector<std::uint64_t> found;
  for (const auto& size : sizes) found.push_back(size ? size->used_bytes : 0);
  return found;
}

using Used = std::vector<std::uint64_t>;

TEST(StatvfsPool, ReturnsSizesInTheOrderOfTheQueries) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = never, .local = never});
  const std::vector<Query> queries{query(1, "/a", false), query(2, "/fuse", true),
                                   query(3, "/abc", false), query(4, "/silent", true),
                                   query(5, "/x", true)};
  EXPECT_EQ(used(pool.query(queries)), (Used{2, 5, 4, 0, 2}));
  EXPECT_EQ(used(pool.query({})), Used{});
}

TEST(StatvfsPool, ReturnsTheSizeOfTheFirstPlaceThatHasOne) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = never, .local = never});
  const std::vector<Query> queries{
      {.mount_id = 1, .places = {{.path = "/silent"}, {.path = "/a"}, {.path = "/abc"}}},
      {.mount_id = 2, .places = {}}};
  EXPECT_EQ(used(pool.query(queries)), (Used{2, 0}));
  EXPECT_EQ(fake.calls("/abc"), 0U);
}

TEST(StatvfsPool, OmitsTheSizeOfARemoteFilesystemThatIsStuck) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = milliseconds(1), .local = never});
  const std::vector<Query> queries{query(1, "/stuck", true), query(2, "/a", false)};
  EXPECT_EQ(used(pool.query(queries)), (Used{0, 2}));
}

TEST(StatvfsPool, OmitsTheSizeOfALocalFilesystemThatIsStuck) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = never, .local = milliseconds(1)});
  const std::vector<Query> queries{query(1, "/stuck", false), query(2, "/fuse", true)};
  EXPECT_EQ(used(pool.query(queries)), (Used{0, 5}));
}

TEST(StatvfsPool, DoesNotRepeatAQueryThatIsStuck) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = milliseconds(1), .local = never});
  const std::vector<Query> queries{query(1, "/stuck", true)};
  // The query may time out before its thread starts.
  while (fake.calls("/stuck") == 0) pool.query(queries);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(used(pool.query(queries)), Used{0});
  EXPECT_EQ(fake.calls("/stuck"), 1U);
  fake.release();
  while (used(pool.query(queries)) != Used{6}) std::this_thread::yield();
}

TEST(StatvfsPool, ReportsWhetherAThreadIsStuck) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = milliseconds(1), .local = never});
  pool.query(std::vector<Query>{query(1, "/a", false)});
  EXPECT_FALSE(pool.is_waiting());
  pool.query(std::vector<Query>{query(2, "/stuck", true)});
  EXPECT_TRUE(pool.is_waiting());
  fake.release();
  while (pool.is_waiting()) std::this_thread::yield();
}

std::vector<Query> stuck_servers(std::uint64_t count) {
  std::vector<Query> queries;
  for (std::uint64_t i = 1; i <= count; ++i) {
    queries.push_back(query(i, "/stuck" + std::to_string(i), true));
  }
  return queries;
}

TEST(StatvfsPool, QueriesServersInParallel) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = never, .local = never});
  const auto queries = stuck_servers(4);
  auto answer = std::async(std::launch::async, [&] { return used(pool.query(queries)); });
  for (const Query& query : queries) {
    while (fake.calls(query.places.front().path) == 0) std::this_thread::yield();
  }
  fake.release();
  EXPECT_EQ(answer.get(), (Used{7, 7, 7, 7}));
}

TEST(StatvfsPool, LimitsTheNumberOfThreads) {
  Fake fake;
  StatvfsPool pool(fake.statvfs(), {.remote = milliseconds(1), .local = never, .threads = 2});
  const auto queries = stuck_servers(4);
  const auto calls = [&] {
    std::size_t count = 0;
    for (const Query& query : queries) count += fake.calls(query.places.front().path);
    return count;
  };
  while (calls() < 2) pool.query(queries);
  for (int i = 0; i < 3; ++i) pool.query(queries);
  EXPECT_EQ(calls(), 2U);
  // All threads are stuck: further queries return without a size immediately.
  const std::vector<Query> other{query(9, "/a", false)};
  EXPECT_EQ(used(pool.query(other)), Used{0});
  fake.release();
  while (used(pool.query(other)) != Used{2}) std::this_thread::yield();
}

TEST(StatvfsPool, CanBeDestroyedWhileAFilesystemIsStuck) {
  Fake fake;
  {
    StatvfsPool pool(fake.statvfs(), {.remote = milliseconds(1), .local = never});
    pool.query(std::vector<Query>{query(1, "/stuck", true)});
  }
  fake.release();
}

}  // namespace
}  // namespace bellhop::state
