// SPDX-License-Identifier: Apache-2.0
#include "state/persistent_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "unit/gate.h"

namespace bellhop::state {
namespace {

using bellhop::testing::TemporaryDirectory;
using Missing = PersistentState::Missing;

class PersistentStateTest : public ::testing::Test {
 protected:
  std::string path() const { return directory_ / "qga.state"; }
  void write(std::string_view content) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << content;
  }
  std::string content() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // The first handle that an agent with this file assigns; -1 if it does not start.
  std::int64_t first_handle_with(std::string_view file) {
    write(file);
    PersistentState state(directory_.path());
    if (!state.load(Missing::create)) return -1;
    return state.next_handle().value_or(-2);
  }

  TemporaryDirectory directory_;
};

TEST_F(PersistentStateTest, CreatesTheSameFileAsQemuGa) {
  PersistentState state(directory_.path());
  ASSERT_TRUE(state.load(Missing::create));
  EXPECT_EQ(content(), "[global]\nfd_counter=1000\n");
}

TEST_F(PersistentStateTest, WritesEachHandleToDiskBeforeItReturnsIt) {
  PersistentState state(directory_.path() + "/");
  EXPECT_EQ(state.next_handle().value_or(-1), 1000);
  EXPECT_EQ(content(), "[global]\nfd_counter=1001\n");
  EXPECT_EQ(state.next_handle().value_or(-1), 1001);
  EXPECT_EQ(content(), "[global]\nfd_counter=1002\n");
}

TEST_F(PersistentStateTest, ContinuesAfterARestart) {
  EXPECT_EQ(PersistentState(directory_.path()).next_handle().value_or(-1), 1000);
  EXPECT_EQ(PersistentState(directory_.path()).next_handle().value_or(-1), 1001);
}

TEST_F(PersistentStateTest, WritesNothingWhenItStartsWhileFrozen) {
  PersistentState state(directory_.path());
  ASSERT_TRUE(state.load(Missing::ignore));
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(state.next_handle().value_or(-1), 1000);
}

// The results are those of qemu-ga 11.1.3.
TEST_F(PersistentStateTest, ReadsKeyFiles) {
  EXPECT_EQ(first_handle_with("[global]\nfd_counter=2000\n"), 2000);
  EXPECT_EQ(content(), "[global]\nfd_counter=2001\n");
  EXPECT_EQ(first_handle_with("[global]\nfd_counter=3002"), 3002);
  EXPECT_EQ(first_handle_with("[global]\r\nfd_counter=3001\r\n"), 3001);
  EXPECT_EQ(first_handle_with("  [global]\n fd_counter = 3000 \n"), 3000);
  EXPECT_EQ(first_handle_with("# note\n\n[x]\nfd_counter=1\n[global]\na=b\nfd_counter=+50\n"), 50);
  EXPECT_EQ(first_handle_with("[global]\nfd_counter=1\n[global]\nfd_counter=4001\n"), 4001);
  EXPECT_EQ(first_handle_with("[global]\nfd_counter=0\n"), 0);
  EXPECT_EQ(first_handle_with(std::string_view("[global]\nfd_counter=2000\0\0\n", 27)), 2000);
}

TEST_F(PersistentStateTest, StartsFromTheBeginningWithoutACounter) {
  EXPECT_EQ(first_handle_with(""), 1000);
  EXPECT_EQ(first_handle_with("[global]\n"), 1000);
  EXPECT_EQ(first_handle_with("[other]\nfd_counter=7\n"), 1000);
  EXPECT_EQ(first_handle_with("[global]\nfd_counter[de]=7\n"), 1000);
  EXPECT_EQ(first_handle_with(std::string_view("\0\0\0\0", 4)), 1000);
}

TEST_F(PersistentStateTest, DoesNotStartWithAnInvalidKeyFile) {
  EXPECT_EQ(first_handle_with("fd_counter=2000\n"), -1);
  EXPECT_EQ(first_handle_with("[global]\nfd_counter=3003\njunk\n"), -1);
  EXPECT_EQ(first_handle_with("[global\nfd_counter=5\n"), -1);
  EXPECT_EQ(first_handle_with("[global]\n;x\nfd_counter=5\n"), -1);
  EXPECT_EQ(content(), "[global]\n;x\nfd_counter=5\n");
}

TEST_F(PersistentStateTest, QuotesTheInvalidLine) {
  write("[global]\nrubbish\n");
  PersistentState state(directory_.path());
  const auto loaded = state.load(Missing::create);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message,
            path() +
                " is damaged: Key file contains line “rubbish” which is not a key-value pair, "
                "group, or comment");
}

// qemu-ga reads all of these as 0.
TEST_F(PersistentStateTest, StartsFromTheBeginningWithAnInvalidCounter) {
  for (const char* text : {"abc", "12abc", "0x50", "1.5", "", "-5", "9223372036854775808"}) {
    EXPECT_EQ(first_handle_with(fmt::format("[global]\nfd_counter={}\n", text)), 1000) << text;
  }
}

TEST_F(PersistentStateTest, CountsBeyond32Bits) {
  EXPECT_EQ(first_handle_with("[global]\nfd_counter=5000000000\n"), 5'000'000'000);
  EXPECT_EQ(content(), "[global]\nfd_counter=5000000001\n");
}

TEST_F(PersistentStateTest, FailsAfterTheLastHandle) {
  EXPECT_EQ(first_handle_with("[global]\nfd_counter=9223372036854775806\n"), INT64_MAX - 1);
  const auto handle = PersistentState(directory_.path()).next_handle();
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().message, "no file handle is left");
}

TEST_F(PersistentStateTest, ReturnsNoHandleThatIsNotOnDisk) {
  const std::string directory = directory_ / "gone";
  std::filesystem::create_directory(directory);
  PersistentState state(directory);
  ASSERT_TRUE(state.load(Missing::create));
  std::filesystem::remove_all(directory);
  const auto handle = state.next_handle();
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().message, "failed to commit persistent state to disk");
  EXPECT_EQ(handle.error().system, std::errc::no_such_file_or_directory);

  std::filesystem::create_directory(directory);
  EXPECT_EQ(state.next_handle().value_or(-1), 1000);
}

TEST_F(PersistentStateTest, ReportsAMissingDirectoryAtTheStart) {
  PersistentState state(directory_ / "missing");
  const auto loaded = state.load(Missing::create);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message,
            "cannot write " + (directory_ / "missing/qga.state") + ": No such file or directory");
}

TEST_F(PersistentStateTest, ReturnsDifferentHandlesToEachThread) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t each = 50;
  PersistentState state(directory_.path());
  std::vector<std::vector<std::int64_t>> handles(threads);
  {
    std::vector<std::jthread> running;
    running.reserve(threads);
    for (auto& list : handles) {
      running.emplace_back([&] {
        for (std::size_t i = 0; i < each; ++i) list.push_back(state.next_handle().value_or(-1));
      });
    }
  }
  std::vector<std::int64_t> all;
  for (const auto& list : handles) all.insert(all.end(), list.begin(), list.end());
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
  EXPECT_EQ(all.front(), 1000);
  EXPECT_EQ(content(), fmt::format("[global]\nfd_counter={}\n", 1000 + threads * each));
}

}  // namespace
}  // namespace bellhop::state
