// SPDX-License-Identifier: Apache-2.0
#include "state/keyed_mutex.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

#include "state/authorized_keys.h"
#include "unit/temporary_directory.h"

namespace bellhop::state {
namespace {

Result<void> no_op() {
  return {};
}

TEST(KeyedMutex, SerialisesCallsWithTheSameKey) {
  KeyedMutex mutex(std::chrono::milliseconds(1));
  Result<void> same, other;
  EXPECT_TRUE(mutex.run("/home/a/keys", [&]() -> Result<void> {
    same = std::async(std::launch::async, [&] { return mutex.run("/home/a/keys", no_op); }).get();
    other = std::async(std::launch::async, [&] { return mutex.run("/home/b/keys", no_op); }).get();
    return {};
  }));
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().message,
            "failed to write to '/home/a/keys': an earlier change of it has not ended");
  EXPECT_TRUE(other);
  EXPECT_TRUE(mutex.run("/home/a/keys", no_op));
}

TEST(KeyedMutex, IsUnlockedAfterAFailedCall) {
  KeyedMutex mutex;
  const auto failed = mutex.run("/home/a/keys", [] { return failure("no"); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_TRUE(mutex.run("/home/a/keys", no_op));
}

TEST(KeyedMutex, LosesNoKeyOfSeveralClients) {
  TemporaryDirectory directory;
  ::chmod(directory.path().c_str(), 0755);
  const std::uint32_t group = ::getegid();
  const platform::AuthorizedKeysFile file({.name = "me",
                                           .user_id = ::geteuid(),
                                           .group_id = group,
                                           .groups = {group},
                                           .home = directory.path()});
  KeyedMutex mutex;
  std::vector<std::future<Result<void>>> clients;
  for (int i = 0; i < 24; ++i) {
    clients.push_back(std::async(std::launch::async, [&, key = fmt::format("key {}", i)] {
      return mutex.run(file.path(), [&] {
        return update(file, true, [&](std::string_view content) {
          return with_keys(content, std::vector<std::string_view>{key});
        });
      });
    }));
  }
  for (auto& client : clients) {
    const auto changed = client.get();
    EXPECT_TRUE(changed) << changed.error().message;
  }
  const auto content = file.read();
  ASSERT_TRUE(content);
  EXPECT_EQ(listed_keys(content->text).size(), clients.size());
}

}  // namespace
}  // namespace bellhop::state
