// SPDX-License-Identifier: Apache-2.0
#include "state/jobs.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>
#include <vector>

#include "unit/gate.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Gate;
using bellhop::testing::TemporaryDirectory;
using platform::Output;
using platform::ProcessRequest;

constexpr auto never = std::chrono::steady_clock::time_point::max();
constexpr auto no_wait = std::chrono::steady_clock::time_point::min();

ProcessRequest shell(std::string script, Output out = Output::capture,
                     Output err = Output::capture) {
  return {.path = "/bin/sh",
          .arguments = {"-c", std::move(script)},
          .environment = {},
          .input = {},
          .out = out,
          .err = err};
}

class JobsTest : public ::testing::Test {
 protected:
  std::int64_t start(ProcessRequest request) {
    const auto number = jobs_.start(std::move(request));
    EXPECT_TRUE(number) << number.error().message;
    return number.value_or(0);
  }
  // Starts a job and waits until it has ended.
  std::int64_t run(ProcessRequest request) {
    const auto number = start(std::move(request));
    EXPECT_EQ(jobs_.wait_for_end(number, never), Waited::ended);
    return number;
  }
  JobStatus finish(ProcessRequest request) {
    return jobs_.status(run(std::move(request))).value_or(JobStatus{});
  }

  TemporaryDirectory directory_;
  Gate gate_{directory_ / "gate"};
  Jobs jobs_;
};

TEST_F(JobsTest, RunUntilTheyEnd) {
  const auto number = start(shell(gate_.wait_command() + "; exit 3"));
  const auto running = jobs_.status(number);
  ASSERT_TRUE(running);
  EXPECT_FALSE(running->exited);
  EXPECT_FALSE(running->end.exit_code);
  EXPECT_EQ(jobs_.wait_for_end(number, no_wait), Waited::timed_out);
  gate_.open();
  EXPECT_EQ(jobs_.wait_for_end(number, never), Waited::ended);
  const auto ended = jobs_.status(number);
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->exited);
  EXPECT_EQ(ended->end.exit_code, 3);
}

TEST_F(JobsTest, AreKeptUntilTheirStatusIsCollected) {
  const auto number = run(shell("echo x"));
  EXPECT_EQ(jobs_.wait_for_end(number, no_wait), Waited::ended);
  EXPECT_EQ(jobs_.status(number)->out->bytes, "x\n");
  const auto status = jobs_.status(number);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->out->bytes, "x\n");
  jobs_.collected(*status);
  EXPECT_FALSE(jobs_.status(number));
  EXPECT_EQ(jobs_.wait_for_end(number, never), Waited::no_such_job);
  EXPECT_EQ(status->out->bytes, "x\n");
}

TEST_F(JobsTest, CanBeCollectedTwice) {
  const auto number = run(shell("echo x"));
  const auto status = jobs_.status(number);
  ASSERT_TRUE(status);
  jobs_.collected(*status);
  jobs_.collected(*status);
  EXPECT_FALSE(jobs_.status(number));
}

TEST_F(JobsTest, AreNotCollectedWhileTheyRun) {
  const auto number = start(shell(gate_.wait_command()));
  jobs_.collected(*jobs_.status(number));
  EXPECT_TRUE(jobs_.status(number));
  gate_.open();
  EXPECT_EQ(jobs_.wait_for_end(number, never), Waited::ended);
}

TEST_F(JobsTest, AreOnlyProcessesThatWereStartedAsJobs) {
  EXPECT_FALSE(jobs_.status(::getpid()));
  EXPECT_FALSE(jobs_.status(0));
  EXPECT_FALSE(jobs_.status(-1));
}

TEST_F(JobsTest, ReportTheSignalThatKilledThem) {
  const auto status = finish(shell("kill -TERM $$"));
  EXPECT_EQ(status.end.signal, SIGTERM);
  EXPECT_FALSE(status.end.exit_code);
}

TEST_F(JobsTest, HaveNotExitedWhileTheirOutputIsOpen) {
  const auto number = start(shell("(" + gate_.wait_command() + "; echo late) & echo hi; exit 4"));
  run(shell("while kill -0 " + std::to_string(number) + " 2>/dev/null; do :; done"));
  EXPECT_FALSE(jobs_.status(number)->exited);
  gate_.open();
  EXPECT_EQ(jobs_.wait_for_end(number, never), Waited::ended);
  const auto status = jobs_.status(number);
  EXPECT_EQ(status->end.exit_code, 4);
  EXPECT_EQ(status->out->bytes, "hi\nlate\n");
}

TEST_F(JobsTest, HaveExitedWhileOnlyUncapturedStreamsAreOpen) {
  ProcessRequest request = shell("exec >/dev/null; " + gate_.wait_command() + " & exit 4",
                                 Output::capture, Output::discard);
  request.input = std::string(1'000'000, 'x');
  EXPECT_EQ(finish(request).end.exit_code, 4);
  gate_.open();
}

TEST_F(JobsTest, ContinueWhenTheirOutputIsTruncatedAt16MiB) {
  constexpr std::size_t limit = 16 << 20;
  const auto exact = finish(shell("head -c 16777216 /dev/zero"));
  EXPECT_EQ(exact.out->bytes.size(), limit);
  EXPECT_FALSE(exact.out->truncated);
  const auto more = finish(shell("head -c 20000000 /dev/zero; echo end >&2; exit 5"));
  EXPECT_EQ(more.out->bytes.size(), limit);
  EXPECT_TRUE(more.out->truncated);
  EXPECT_EQ(more.err->bytes, "end\n");
  EXPECT_FALSE(more.err->truncated);
  EXPECT_EQ(more.end.exit_code, 5);
}

TEST_F(JobsTest, DoNotBlockEachOtherWithUnreadInput) {
  ProcessRequest request = shell(gate_.wait_command());
  request.input = std::string(5'000'000, 'x');
  const auto blocked = start(request);
  EXPECT_EQ(finish(shell("echo x")).out->bytes, "x\n");
  EXPECT_FALSE(jobs_.status(blocked)->exited);
  gate_.open();
  EXPECT_EQ(jobs_.wait_for_end(blocked, never), Waited::ended);
}

TEST_F(JobsTest, RunAThousandAtOnce) {
  constexpr int count = 1000;
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < count; ++i) {
    ProcessRequest request =
        shell("read word; " + gate_.wait_command() + "; echo $word; echo e >&2");
    request.input = std::to_string(i) + "\n";
    numbers.push_back(start(std::move(request)));
  }
  for (const auto number : numbers) ASSERT_FALSE(jobs_.status(number)->exited);
  gate_.open(count);
  for (int i = 0; i < count; ++i) {
    const auto number = numbers[static_cast<std::size_t>(i)];
    ASSERT_EQ(jobs_.wait_for_end(number, never), Waited::ended);
    const auto status = jobs_.status(number);
    ASSERT_EQ(status->out->bytes, std::to_string(i) + "\n");
    ASSERT_EQ(status->err->bytes, "e\n");
  }
}

TEST_F(JobsTest, AreThreadSafe) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 25; ++j) EXPECT_EQ(finish(shell("echo x")).out->bytes, "x\n");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(JobsTest, AreNotCreatedByAFailedStart) {
  ProcessRequest request;
  request.path = "/none/such";
  const auto number = jobs_.start(request);
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().message,
            "Failed to execute child process “/none/such” (No such file or directory)");
}

TEST(JobLimits, DropTheOutputOfTheJobThatFinishedFirst) {
  Jobs jobs({.stream = 100, .output = 250, .finished = 10});
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 3; ++i) {
    numbers.push_back(*jobs.start(shell("head -c 100 /dev/zero; exit 6")));
    ASSERT_EQ(jobs.wait_for_end(numbers.back(), never), Waited::ended);
  }
  const auto dropped = jobs.status(numbers[0]);
  EXPECT_EQ(dropped->end.exit_code, 6);
  EXPECT_EQ(dropped->out->bytes, "");
  EXPECT_TRUE(dropped->out->truncated);
  EXPECT_FALSE(dropped->err->truncated);
  for (const int kept : {1, 2}) {
    const auto status = jobs.status(numbers[static_cast<std::size_t>(kept)]);
    EXPECT_EQ(status->out->bytes.size(), 100U);
    EXPECT_FALSE(status->out->truncated);
  }
}

TEST(JobLimits, TruncateNewOutputWhenThereIsNoneToDrop) {
  Jobs jobs({.stream = 100, .output = 60, .finished = 10});
  const auto full = *jobs.start(shell("head -c 100 /dev/zero"));
  ASSERT_EQ(jobs.wait_for_end(full, never), Waited::ended);
  const auto status = jobs.status(full);
  EXPECT_EQ(status->out->bytes.size(), 60U);
  EXPECT_TRUE(status->out->truncated);
  const auto next = *jobs.start(shell("head -c 60 /dev/zero"));
  ASSERT_EQ(jobs.wait_for_end(next, never), Waited::ended);
  EXPECT_FALSE(jobs.status(next)->out->truncated);
}

TEST(JobLimits, LeaveNoGapInTheOutput) {
  TemporaryDirectory directory;
  Gate written(directory / "written");
  Gate gate(directory / "gate");
  Gate other_gate(directory / "other");
  Jobs jobs({.stream = 100, .output = 60, .finished = 10});
  const auto start_and_write = [&](int size, const Gate& before_more) {
    const auto script = "head -c " + std::to_string(size) + " /dev/zero; echo >" + written.path() +
                        "; " + before_more.wait_command() + "; echo more";
    const auto number = *jobs.start(shell(script));
    written.wait();
    // When this job has ended, all output written before has been read.
    EXPECT_EQ(jobs.wait_for_end(*jobs.start(shell("true")), never), Waited::ended);
    return number;
  };
  const auto first = start_and_write(40, gate);
  const auto second = start_and_write(60, other_gate);  // 40 of it exceed the limit
  gate.open();
  ASSERT_EQ(jobs.wait_for_end(first, never), Waited::ended);
  const auto status_of_first = jobs.status(first);
  EXPECT_EQ(status_of_first->out->bytes.size(), 40U);
  jobs.collected(*status_of_first);  // the total is below the limit again
  other_gate.open();
  ASSERT_EQ(jobs.wait_for_end(second, never), Waited::ended);
  const auto status = jobs.status(second);
  EXPECT_EQ(status->out->bytes, std::string(20, '\0'));
  EXPECT_TRUE(status->out->truncated);
}

TEST(JobLimits, DropTheJobThatFinishedFirst) {
  Jobs jobs({.stream = 100, .output = 100, .finished = 2});
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 3; ++i) {
    numbers.push_back(*jobs.start(shell("exit 0")));
    ASSERT_NE(jobs.wait_for_end(numbers.back(), never), Waited::timed_out);
  }
  EXPECT_FALSE(jobs.status(numbers[0]));
  EXPECT_TRUE(jobs.status(numbers[1]));
  EXPECT_TRUE(jobs.status(numbers[2]));
}

TEST(Jobs, OutliveTheAgent) {
  TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Gate done(directory / "done");
  {
    Jobs jobs;
    ASSERT_TRUE(jobs.start(shell(gate.wait_command() + "; echo >" + done.path())));
  }
  gate.open();
  done.wait();
}

}  // namespace
}  // namespace bellhop::state
