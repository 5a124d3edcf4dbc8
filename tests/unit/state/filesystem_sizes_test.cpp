#include "state/filesystem_sizes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <string>
#include <thread>

namespace bellhop::state {
namespace {

using std::chrono::milliseconds;
using Question = FilesystemSizes::Question;
using Size = FilesystemSizes::Size;

// A limit that no test reaches.
constexpr milliseconds never{600'000};

// Filesystems that answer with the length of their path, except "/stuck…", which wait until they
// are released.
class Fake {
 public:
  ~Fake() { release(); }

  FilesystemSizes::Ask ask() {
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

TEST(FilesystemSizes, ComeInTheOrderOfTheQuestions) {
  Fake fake;
  FilesystemSizes sizes(fake.ask(), {.served = never, .local = never});
  const std::vector<Question> questions{{1, "/a", false},
                                        {2, "/fuse", true},
                                        {3, "/abc", false},
                                        {4, "/silent", true},
                                        {5, "/x", true}};
  EXPECT_EQ(used(sizes.ask(questions)), (Used{2, 5, 4, 0, 2}));
  EXPECT_EQ(used(sizes.ask({})), Used{});
}

TEST(FilesystemSizes, AreLeftOutForAServerThatDoesNotAnswer) {
  Fake fake;
  FilesystemSizes sizes(fake.ask(), {.served = milliseconds(1), .local = never});
  const std::vector<Question> questions{{1, "/stuck", true}, {2, "/a", false}};
  EXPECT_EQ(used(sizes.ask(questions)), (Used{0, 2}));
}

TEST(FilesystemSizes, AreLeftOutForADiskThatIsDead) {
  Fake fake;
  FilesystemSizes sizes(fake.ask(), {.served = never, .local = milliseconds(1)});
  const std::vector<Question> questions{{1, "/stuck", false}, {2, "/fuse", true}};
  EXPECT_EQ(used(sizes.ask(questions)), (Used{0, 5}));
}

TEST(FilesystemSizes, AreNotAskedForAgainUntilTheFirstQuestionIsAnswered) {
  Fake fake;
  FilesystemSizes sizes(fake.ask(), {.served = milliseconds(1), .local = never});
  const std::vector<Question> questions{{1, "/stuck", true}};
  // A thread may only begin when its question has been given up already.
  while (fake.asked("/stuck") == 0) sizes.ask(questions);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(used(sizes.ask(questions)), Used{0});
  EXPECT_EQ(fake.asked("/stuck"), 1U);
  fake.release();
  while (used(sizes.ask(questions)) != Used{6}) std::this_thread::yield();
}

TEST(FilesystemSizes, TellWhetherAThreadIsStuck) {
  Fake fake;
  FilesystemSizes sizes(fake.ask(), {.served = milliseconds(1), .local = never});
  sizes.ask(std::vector<Question>{{1, "/a", false}});
  EXPECT_FALSE(sizes.is_waiting());
  sizes.ask(std::vector<Question>{{2, "/stuck", true}});
  EXPECT_TRUE(sizes.is_waiting());
  fake.release();
  while (sizes.is_waiting()) std::this_thread::yield();
}

std::vector<Question> stuck_servers(std::uint64_t count) {
  std::vector<Question> questions;
  for (std::uint64_t i = 1; i <= count; ++i) {
    questions.push_back({i, "/stuck" + std::to_string(i), true});
  }
  return questions;
}

TEST(FilesystemSizes, OfOneServerDoNotWaitForAnother) {
  Fake fake;
  FilesystemSizes sizes(fake.ask(), {.served = never, .local = never});
  const auto questions = stuck_servers(4);
  auto answer = std::async(std::launch::async, [&] { return used(sizes.ask(questions)); });
  for (const Question& question : questions) {
    while (fake.asked(question.path.string()) == 0) std::this_thread::yield();
  }
  fake.release();
  EXPECT_EQ(answer.get(), (Used{7, 7, 7, 7}));
}

TEST(FilesystemSizes, UseALimitedNumberOfThreads) {
  Fake fake;
  FilesystemSizes sizes(fake.ask(), {.served = milliseconds(1), .local = never, .threads = 2});
  const auto questions = stuck_servers(4);
  const auto asked = [&] {
    std::size_t count = 0;
    for (const Question& question : questions) count += fake.asked(question.path.string());
    return count;
  };
  while (asked() < 2) sizes.ask(questions);
  for (int i = 0; i < 3; ++i) sizes.ask(questions);
  EXPECT_EQ(asked(), 2U);
  // Now nobody can be asked, which is told at once.
  const std::vector<Question> other{{9, "/a", false}};
  EXPECT_EQ(used(sizes.ask(other)), Used{0});
  fake.release();
  while (used(sizes.ask(other)) != Used{2}) std::this_thread::yield();
}

TEST(FilesystemSizes, MayEndWhileAFilesystemDoesNotAnswer) {
  Fake fake;
  {
    FilesystemSizes sizes(fake.ask(), {.served = milliseconds(1), .local = never});
    sizes.ask(std::vector<Question>{{1, "/stuck", true}});
  }
  fake.release();
}

TEST(FilesystemSizes, AreThoseOfTheSystem) {
  FilesystemSizes sizes;
  const auto root = sizes.ask(std::vector<Question>{{1, "/", false}, {2, "/nonexistent", false}});
  ASSERT_TRUE(root[0]);
  EXPECT_GT(root[0]->total, 0U);
  EXPECT_LE(root[0]->total, root[0]->total_privileged);
  EXPECT_LE(root[0]->used, root[0]->total);
  EXPECT_FALSE(root[1]);
}

}  // namespace
}  // namespace bellhop::state
