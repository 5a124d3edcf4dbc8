// SPDX-License-Identifier: Apache-2.0
// Runs programs through guest-exec, for the tests of guest-exec and guest-exec-status.
#pragma once

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {

class ExecTest : public CommandTest {
 protected:
  // Calls guest-exec, which must succeed, and returns the process's number.
  std::int64_t exec(std::string_view arguments) {
    const std::string reply = call("guest-exec", arguments);
    constexpr std::string_view before = R"({"return": {"pid": )";
    std::int64_t pid = -1;
    if (reply.starts_with(before)) {
      std::from_chars(reply.data() + before.size(), reply.data() + reply.size(), pid);
    }
    EXPECT_EQ(reply, fmt::format("{}{}}}}}", before, pid));
    EXPECT_GT(pid, 0) << reply;
    return pid;
  }

  std::string status(std::int64_t pid) {
    return call("guest-exec-status", fmt::format(R"({{"pid": {}}})", pid));
  }

  void wait(std::int64_t pid) {
    EXPECT_EQ(jobs.wait_for_end(pid, std::chrono::steady_clock::time_point::max()),
              state::Waited::ended);
  }

  // The status of a program, once it has ended.
  std::string run(std::string_view arguments) {
    const std::int64_t pid = exec(arguments);
    if (pid > 0) wait(pid);
    return status(pid);
  }

  // As run(), of a shell's script, which must be fit for a JSON string. `more` are further members.
  std::string run_script(std::string_view script, std::string_view more = {}) {
    return run(fmt::format(R"({{"path": "/bin/sh", "arg": ["-c", "{}"]{}{}}})", script,
                           more.empty() ? "" : ", ", more));
  }
};

}  // namespace bellhop::testing
