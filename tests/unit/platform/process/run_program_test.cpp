// SPDX-License-Identifier: Apache-2.0
#include "platform/process/run_program.h"

#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGKILL

#include "unit/gate.h"

namespace bellhop::platform {
namespace {

class RunProgram : public ::testing::Test {
 protected:
  Result<ProgramRun> shell(std::string script) {
    return run_program(processes_, {.path = "/bin/sh", .arguments = {"-c", std::move(script)}});
  }

  Processes processes_;
};

TEST_F(RunProgram, ReturnsOutputAndErrorOutputInOrder) {
  const auto run = shell("echo one; echo two >&2; echo three; exit 3");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->output, "one\ntwo\nthree\n");
  EXPECT_EQ(run->end.exit_code, 3);
}

TEST_F(RunProgram, ReturnsTheSignal) {
  const auto run = shell("kill -9 $$");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->end.exit_code, std::nullopt);
  EXPECT_EQ(run->end.signal, SIGKILL);
}

TEST_F(RunProgram, TruncatesOutputAt64KiB) {
  const auto run = shell("head -c 100000 /dev/zero; exit 1");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->output.size(), 65536U);
  EXPECT_EQ(run->end.exit_code, 1);
}

TEST_F(RunProgram, DoesNotWaitForChildrenOfTheProgram) {
  const testing::TemporaryDirectory directory;
  testing::Gate gate(directory / "gate");
  const auto run = shell("echo begun; { " + gate.wait_command() + "; } & exit 1");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->output, "begun\n");
  gate.open();
}

TEST_F(RunProgram, KillsTheProgramAtTheTimeoutOrWhenItIsCancelled) {
  const testing::TemporaryDirectory directory;
  const testing::Gate gate(directory / "gate");
  const ProcessRequest request{.path = "/bin/sh", .arguments = {"-c", gate.wait_command()}};
  const auto timed_out = run_program(processes_, request, {.time = std::chrono::milliseconds(50)});
  ASSERT_TRUE(timed_out);
  EXPECT_EQ(timed_out->outcome, ProgramRun::Outcome::timed_out);
  std::stop_source stop;
  stop.request_stop();
  const auto cancelled = run_program(processes_, request, {.time = {}, .stop = stop.get_token()});
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->outcome, ProgramRun::Outcome::cancelled);
}

TEST_F(RunProgram, ReportsWhyItCannotStart) {
  const auto run = run_program(processes_, {.path = "/nonexistent"});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().message,
            "Failed to execute child process “/nonexistent” (No such file or directory)");
}

}  // namespace
}  // namespace bellhop::platform
