// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "state/jobs.h"
#include "unit/gate.h"
#include "unit/state/reexec_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Gate;
using bellhop::testing::reexec;
using bellhop::testing::TemporaryDirectory;
using platform::Output;
using platform::ProcessRequest;

constexpr auto never = std::chrono::steady_clock::time_point::max();

ProcessRequest shell(std::string script, std::optional<std::string> input = std::nullopt) {
  return {.path = "/bin/sh",
          .arguments = {"-c", std::move(script)},
          .environment = {},
          .input = std::move(input),
          .out = Output::capture,
          .err = Output::capture};
}

class JobsSnapshot : public ::testing::Test {
 protected:
  std::int64_t start(ProcessRequest request) {
    const auto number = jobs_->start(std::move(request));
    EXPECT_TRUE(number) << number.error().message;
    return number.value_or(0);
  }
  JobStatus finished(std::int64_t number) {
    EXPECT_EQ(jobs_->wait_for_end(number, never), Waited::ended);
    return jobs_->status(number).value_or(JobStatus{});
  }
  // Snapshots the jobs, ends the agent, and restores them in the next one, which has these limits.
  void upgrade(JobLimits limits = {}) {
    SnapshotWriter writer(platform::current_pid());
    const std::size_t count = jobs_->snapshot(writer);
    Snapshot snapshot = reexec(writer, [this] { jobs_.reset(); });
    jobs_.emplace(limits);
    EXPECT_EQ(jobs_->restore(snapshot), std::min(count, limits.finished));
    EXPECT_TRUE(snapshot.close_rest().empty());
  }
  // When this returns, all output that jobs wrote before has been read.
  void read_pending_output() {
    const auto number = start(shell("true"));
    jobs_->collected(finished(number));
  }

  TemporaryDirectory directory_;
  Gate gate_{directory_ / "gate"};
  Gate written_{directory_ / "written"};
  std::optional<Jobs> jobs_{std::in_place};
};

TEST_F(JobsSnapshot, KeepTheirOutputAndExitStatus) {
  const auto number = start(shell("echo before; echo e >&2; echo >" + written_.path() + "; " +
                                  gate_.wait_command() + "; echo after; exit 3"));
  written_.wait();
  read_pending_output();
  upgrade();
  EXPECT_FALSE(jobs_->status(number)->exited);
  gate_.open();
  const auto status = finished(number);
  EXPECT_EQ(status.end.exit_code, 3);
  EXPECT_EQ(status.out->bytes, "before\nafter\n");
  EXPECT_EQ(status.err->bytes, "e\n");
}

TEST_F(JobsSnapshot, MissNothingThatHappensDuringAnUpgrade) {
  const auto number = start(shell(gate_.wait_command() + "; echo x; exit 5"));
  SnapshotWriter writer(platform::current_pid());
  jobs_->snapshot(writer);
  gate_.open();
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(number), &info, WEXITED | WNOWAIT), 0);
  Snapshot snapshot = reexec(writer, [this] { jobs_.reset(); });
  jobs_.emplace();
  jobs_->restore(snapshot);
  const auto status = finished(number);
  EXPECT_EQ(status.end.exit_code, 5);
  EXPECT_EQ(status.out->bytes, "x\n");
}

TEST_F(JobsSnapshot, AreKeptAfterTheyFinishUntilTheyAreCollected) {
  const auto exited = start(shell("echo x; exit 4"));
  const auto killed = start(shell("kill -TERM $$"));
  finished(exited);
  finished(killed);
  upgrade();
  EXPECT_EQ(jobs_->status(killed)->end.signal, SIGTERM);
  const auto status = jobs_->status(exited);
  ASSERT_TRUE(status && status->exited);
  EXPECT_EQ(status->end.exit_code, 4);
  EXPECT_EQ(status->out->bytes, "x\n");
  jobs_->collected(*status);
  upgrade();
  EXPECT_FALSE(jobs_->status(exited));
  EXPECT_TRUE(jobs_->status(killed));
}

TEST_F(JobsSnapshot, AreDroppedInTheOrderInWhichTheyFinished) {
  std::int64_t numbers[3];
  for (auto& number : numbers) {
    number = start(shell("exit 0"));
    finished(number);
  }
  upgrade({.stream = 100, .output = 100, .finished = 2});
  EXPECT_FALSE(jobs_->status(numbers[0]));
  EXPECT_TRUE(jobs_->status(numbers[1]));
  EXPECT_TRUE(jobs_->status(numbers[2]));
}

TEST_F(JobsSnapshot, ReceiveTheRestOfTheirInput) {
  const std::string input(3'000'000, 'i');
  const auto number = start(shell(gate_.wait_command() + "; wc -c", input));
  read_pending_output();
  upgrade();
  gate_.open();
  EXPECT_EQ(finished(number).out->bytes, "3000000\n");
}

TEST_F(JobsSnapshot, StayTruncated) {
  jobs_.emplace(JobLimits{.stream = 10, .output = 100, .finished = 10});
  const auto number = start(shell("head -c 50 /dev/zero; echo >" + written_.path() + "; " +
                                  gate_.wait_command() + "; echo more"));
  written_.wait();
  read_pending_output();
  upgrade();
  gate_.open();
  const auto status = finished(number);
  EXPECT_EQ(status.out->bytes.size(), 10U);
  EXPECT_TRUE(status.out->truncated);
  EXPECT_FALSE(status.err->truncated);
}

TEST_F(JobsSnapshot, CountTheirOutputTowardsTheLimit) {
  const auto first = start(shell("head -c 60 /dev/zero"));
  finished(first);
  upgrade({.stream = 100, .output = 100, .finished = 10});
  finished(start(shell("head -c 60 /dev/zero")));
  EXPECT_TRUE(jobs_->status(first)->out->truncated);
}

TEST_F(JobsSnapshot, CanHaveEndedWhileTheirOutputIsOpen) {
  const auto number = start(
      shell("(" + gate_.wait_command() + "; echo late) & echo >" + written_.path() + "; exit 6"));
  written_.wait();
  // Until the process is reaped; its output is still open.
  while (::kill(static_cast<pid_t>(number), 0) == 0) read_pending_output();
  upgrade();
  EXPECT_FALSE(jobs_->status(number)->exited);
  gate_.open();
  const auto status = finished(number);
  EXPECT_EQ(status.end.exit_code, 6);
  EXPECT_EQ(status.out->bytes, "late\n");
}

TEST_F(JobsSnapshot, EndWithoutAStatusIfTheProcessIsMissing) {
  Snapshot snapshot = bellhop::testing::read_snapshot(
      fmt::format("bellhop handover {} {}", snapshot_version, platform::current_pid()) +
      "\nrecord job\nnumber number 77\nnumber out-open 1\ntext out 1\nx\nend\n");
  jobs_->restore(snapshot);
  const auto status = finished(77);
  EXPECT_FALSE(status.end.exit_code || status.end.signal);
  EXPECT_EQ(status.out->bytes, "x");
}

TEST_F(JobsSnapshot, ContinueAfterAFailedUpgrade) {
  const auto number = start(shell(gate_.wait_command() + "; echo x; exit 7"));
  SnapshotWriter writer(platform::current_pid());
  jobs_->snapshot(writer);
  jobs_->resume();
  gate_.open();
  const auto status = finished(number);
  EXPECT_EQ(status.end.exit_code, 7);
  EXPECT_EQ(status.out->bytes, "x\n");
}

TEST_F(JobsSnapshot, EndWithoutAStatusIfTheyCannotBeWatchedAfterAFailedUpgrade) {
  const auto lost = start(shell("kill -STOP $$"));
  const auto other = start(shell(gate_.wait_command() + "; exit 7"));
  SnapshotWriter writer(platform::current_pid());
  jobs_->snapshot(writer);
  const auto pid = static_cast<pid_t>(lost);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  jobs_->resume();
  const auto status = finished(lost);
  EXPECT_FALSE(status.end.exit_code || status.end.signal);
  upgrade();
  EXPECT_TRUE(jobs_->status(lost)->exited);
  gate_.open();
  EXPECT_EQ(finished(other).end.exit_code, 7);
}

TEST_F(JobsSnapshot, CanBeAHundredAtATime) {
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 100; ++i) {
    numbers.push_back(start(shell(gate_.wait_command() + "; echo " + std::to_string(i))));
  }
  upgrade();
  gate_.open(100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(finished(numbers[static_cast<std::size_t>(i)]).out->bytes, std::to_string(i) + "\n");
  }
}

}  // namespace
}  // namespace bellhop::state
