// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/io/pipe_posix.h"
#include "platform/process/child_posix.h"

namespace bellhop::platform {
namespace {

// Checks the descriptor before and after a child ends, which runs until `gate` is closed.
void expect_ready_at_end(Result<Handle> (*make)(pid_t)) {
  auto gate = make_pipe();
  ASSERT_TRUE(gate);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(gate->write.get());
    char byte;
    ::_exit(::read(gate->read.get(), &byte, 1) == 0 ? 7 : 1);
  }
  auto descriptor = make(child);
  ASSERT_TRUE(descriptor) << descriptor.error().message;
  pollfd entry{.fd = descriptor->get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  gate->write.reset();
  EXPECT_EQ(::poll(&entry, 1, -1), 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, WNOHANG), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(ExitDescriptor, IsReadyWhenTheChildHasEnded) {
  expect_ready_at_end(exit_descriptor);
}

TEST(ExitDescriptor, IsReadyWhenTheChildHasEndedWithoutPidfd) {
  expect_ready_at_end(exit_descriptor_by_thread);
}

}  // namespace
}  // namespace bellhop::platform
