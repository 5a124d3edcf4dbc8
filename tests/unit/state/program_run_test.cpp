// SPDX-License-Identifier: Apache-2.0
#include "state/program_run.h"

#include <gtest/gtest.h>

#include <optional>

#include "unit/gate.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Gate;
using bellhop::testing::TemporaryDirectory;
using namespace std::chrono_literals;

class RunToEnd : public ::testing::Test {
 protected:
  // The error of a shell script; nullopt on success.
  std::optional<std::string> error_of(const std::string& script,
                                      std::optional<std::string> input = std::nullopt,
                                      std::chrono::milliseconds timeout = 1min) {
    platform::ProcessRequest request;
    request.path = "/bin/sh";
    request.arguments = {"-c", script};
    request.input = std::move(input);
    const auto result =
        run_to_end(processes, std::move(request), {.purpose = "do it"}, {.time = timeout});
    if (result) return std::nullopt;
    return result.error().message;
  }

  TemporaryDirectory directory;
  platform::Processes processes;
};

TEST_F(RunToEnd, SucceedsWithStatus0AndAnyOutput) {
  EXPECT_EQ(error_of("echo something; echo else >&2"), std::nullopt);
}

TEST_F(RunToEnd, PassesTheInput) {
  EXPECT_EQ(error_of("cat > " + directory / "input", "a:b\n"), std::nullopt);
  EXPECT_EQ(directory.content("input"), "a:b\n");
}

TEST_F(RunToEnd, IgnoresThatAProgramDoesNotReadItsInput) {
  EXPECT_EQ(error_of("exec <&-; exit 2", std::string(1 << 20, 'x')),
            "child process has failed to do it: exit status 2");
}

TEST_F(RunToEnd, FailsWithTheOutput) {
  EXPECT_EQ(error_of("echo one; echo two >&2; exit 3"),
            "child process has failed to do it: one\ntwo\n");
  EXPECT_EQ(error_of("exit 3"), "child process has failed to do it: exit status 3");
}

TEST_F(RunToEnd, FailsWhenASignalKillsTheProgram) {
  EXPECT_EQ(error_of("kill -9 $$"), "child process has terminated abnormally");
  EXPECT_EQ(error_of("echo one; kill -9 $$"), "child process has terminated abnormally: one\n");
}

TEST_F(RunToEnd, FailsWhenTheProgramCannotBeStarted) {
  platform::ProcessRequest request;
  request.path = "/no/such/program";
  const auto result = run_to_end(processes, request, {.purpose = "do it"}, {.time = 1min});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "child process has failed to do it: failed to exec '/no/such/program': No such file "
            "or directory\n");
}

TEST_F(RunToEnd, KillsTheProgramAtTheTimeout) {
  const Gate gate(directory / "gate");
  EXPECT_EQ(error_of(gate.wait_command(), std::nullopt, 50ms),
            "child process has failed to do it: '/bin/sh' did not end within 0.05 s and was "
            "killed");
}

TEST_F(RunToEnd, TruncatesLongOutput) {
  const auto error = error_of("head -c 1000000 /dev/zero | tr '\\0' x; exit 1");
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, "child process has failed to do it: " + std::string(65536, 'x'));
}

}  // namespace
}  // namespace bellhop::state
