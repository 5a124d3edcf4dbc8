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

// A limit that no test reaches.
constexpr milliseconds never{600'000};

// Filesystems that answer with the length of their path, except "/stuck…", which wait until they
// are released.
class Fake {
 public:
  ~Fake() { release(); }

  StatvfsPool::Statvfs ask() {
    return [state = state_](const std::filesystem::path& path) -> std::optional<Size> {
      {
        const std::lock_guard lock(state->mutex);
        state->asked.push_back(path.string());
      }
      if (path.string().starts_with("/stuck")) state->released.wait();
      if (path == "/silent") return std::nullopt;
      return Size{.used = path.string().size()};
    };
  }
  void release() {
    if (!std::exchange(released_, true)) state_->release.set_value();
  }
  std::size_t asked(const std::string& path) const {
    const std::lock_guard lock(state_->mutex);
    return static_cast<std::size_t>(std::ranges::count(state_->asked, path));
  }

 private:
  // Shared with threads that may outlive the test.
  struct State {
    std::promise<void> release;
    std::shared_future<void> released{release.get_future()};
    std::mutex mutex;
    std::vector<std::string> asked;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  bool released_ = false;
};

std::vector<std::uint64_t> used(const std::vector<std::optional<Size>>& sizes) {
  std::vector<std::uint64_t> found;
  for (const auto& size : sizes) found.push_back(size ? size->used : 0);
  return found;
}

using Used = std::vector<std::uint64_t>;

TEST(StatvfsPool, ComeInTheOrderOfTheQuestions) {
  Fake fake;
  StatvfsPool sizes(fake.ask(), {.remote = never, .local = never});
  const std::vector<Query> queries{{1, "/a", false},
                                   {2, "/fuse", true},
                                   {3, "/abc", false},
                                   {4, "/silent", true},
                                   {5, "/x", true}};
  EXPECT_EQ(used(sizes.query(queries)), (Used{2, 5, 4, 0, 2}));
  EXPECT_EQ(used(sizes.query({})), Used{});
}

TEST(StatvfsPool, AreLeftOutForAServerThatDoesNotAnswer) {
  Fake fake;
  StatvfsPool sizes(fake.ask(), {.remote = milliseconds(1), .local = never});
  const std::vector<Query> queries{{1, "/stuck", true}, {2, "/a", false}};
  EXPECT_EQ(used(sizes.query(queries)), (Used{0, 2}));
}

TEST(StatvfsPool, AreLeftOutForADiskThatIsDead) {
  Fake fake;
  StatvfsPool sizes(fake.ask(), {.remote = never, .local = milliseconds(1)});
  const std::vector<Query> queries{{1, "/stuck", false}, {2, "/fuse", true}};
  EXPECT_EQ(used(sizes.query(queries)), (Used{0, 5}));
}

TEST(StatvfsPool, AreNotAskedForAgainUntilTheFirstQuestionIsAnswered) {
  Fake fake;
  StatvfsPool sizes(fake.ask(), {.remote = milliseconds(1), .local = never});
  const std::vector<Query> queries{{1, "/stuck", true}};
  // A thread may only begin when its question has been given up already.
  while (fake.asked("/stuck") == 0) sizes.query(queries);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(used(sizes.query(queries)), Used{0});
  EXPECT_EQ(fake.asked("/stuck"), 1U);
  fake.release();
  while (used(sizes.query(queries)) != Used{6}) std::this_thread::yield();
}

TEST(StatvfsPool, TellWhetherAThreadIsStuck) {
  Fake fake;
  StatvfsPool sizes(fake.ask(), {.remote = milliseconds(1), .local = never});
  sizes.query(std::vector<Query>{{1, "/a", false}});
  EXPECT_FALSE(sizes.is_waiting());
  sizes.query(std::vector<Query>{{2, "/stuck", true}});
  EXPECT_TRUE(sizes.is_waiting());
  fake.release();
  while (sizes.is_waiting()) std::this_thread::yield();
}

std::vector<Query> stuck_servers(std::uint64_t count) {
  std::vector<Query> queries;
  for (std::uint64_t i = 1; i <= count; ++i) {
    queries.push_back({i, "/stuck" + std::to_string(i), true});
  }
  return queries;
}

TEST(StatvfsPool, OfOneServerDoNotWaitForAnother) {
  Fake fake;
  StatvfsPool sizes(fake.ask(), {.remote = never, .local = never});
  const auto queries = stuck_servers(4);
  auto answer = std::async(std::launch::async, [&] { return used(sizes.query(queries)); });
  for (const Query& query : queries) {
    while (fake.asked(query.path.string()) == 0) std::this_thread::yield();
  }
  fake.release();
  EXPECT_EQ(answer.get(), (Used{7, 7, 7, 7}));
}

TEST(StatvfsPool, UseALimitedNumberOfThreads) {
  Fake fake;
  StatvfsPool sizes(fake.ask(), {.remote = milliseconds(1), .local = never, .threads = 2});
  const auto queries = stuck_servers(4);
  const auto asked = [&] {
    std::size_t count = 0;
    for (const Query& query : queries) count += fake.asked(query.path.string());
    return count;
  };
  while (asked() < 2) sizes.query(queries);
  for (int i = 0; i < 3; ++i) sizes.query(queries);
  EXPECT_EQ(asked(), 2U);
  // Now nobody can be asked, which is told at once.
  const std::vector<Query> other{{9, "/a", false}};
  EXPECT_EQ(used(sizes.query(other)), Used{0});
  fake.release();
  while (used(sizes.query(other)) != Used{2}) std::this_thread::yield();
}

TEST(StatvfsPool, MayEndWhileAFilesystemDoesNotAnswer) {
  Fake fake;
  {
    StatvfsPool sizes(fake.ask(), {.remote = milliseconds(1), .local = never});
    sizes.query(std::vector<Query>{{1, "/stuck", true}});
  }
  fake.release();
}

TEST(StatvfsPool, AreThoseOfTheSystem) {
  StatvfsPool sizes;
  const auto root = sizes.query(std::vector<Query>{{1, "/", false}, {2, "/nonexistent", false}});
  ASSERT_TRUE(root[0]);
  EXPECT_GT(root[0]->total, 0U);
  EXPECT_LE(root[0]->total, root[0]->total_privileged);
  EXPECT_LE(root[0]->used, root[0]->total);
  EXPECT_FALSE(root[1]);
}

}  // namespace
}  // namespace bellhop::state
