// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "platform/io/io_posix.h"
#include "platform/io/pipe_posix.h"

namespace bellhop::platform {
namespace {

TEST(RetryOnEintr, CallsAgainOnlyWhileInterrupted) {
  int calls = 0;
  const auto interrupted_twice = [&] {
    errno = EINTR;
    return ++calls < 3 ? -1 : 7;
  };
  EXPECT_EQ(retry_on_eintr(interrupted_twice), 7);
  EXPECT_EQ(calls, 3);
  const auto fails = [&] {
    ++calls;
    errno = EIO;
    return -1;
  };
  EXPECT_EQ(retry_on_eintr(fails), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(calls, 4);
}

TEST(WriteAll, WritesMoreThanAPipeBuffers) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  const std::string sent(1 << 20, 'x');
  int result = -1;
  std::thread writer([&] {
    result = write_all(pipe->write.get(), sent);
    pipe->write.reset();
  });
  const auto received = read_up_to(pipe->read.get(), sent.size() + 1);
  writer.join();
  EXPECT_EQ(result, 0);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->size(), sent.size());
}

TEST(WriteAll, ReturnsTheError) {
  const Handle full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(write_all(full.get(), "x"), ENOSPC);
  EXPECT_EQ(write_all(full.get(), ""), 0);
}

TEST(ReadUpTo, StopsAtTheLimit) {
  const Handle zeros(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  for (const std::size_t limit :
       {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{10000}}) {
    EXPECT_EQ(read_up_to(zeros.get(), limit).value_or("").size(), limit);
  }
}

TEST(ReadUpTo, ReturnsTheError) {
  const Handle directory(::open("/", O_RDONLY | O_CLOEXEC));
  const auto content = read_up_to(directory.get(), 1);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error(), EISDIR);
}

TEST(ReadFull, ReturnsLessOnlyAtTheEnd) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  std::thread writer([&] {
    write_all(pipe->write.get(), "ab");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    write_all(pipe->write.get(), "cde");
    pipe->write.reset();
  });
  char bytes[4] = {};
  EXPECT_EQ(read_full(pipe->read.get(), bytes, sizeof bytes), 4);
  EXPECT_EQ(std::string(bytes, 4), "abcd");
  EXPECT_EQ(read_full(pipe->read.get(), bytes, sizeof bytes), 1);
  writer.join();
}

}  // namespace
}  // namespace bellhop::platform
