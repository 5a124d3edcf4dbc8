// SPDX-License-Identifier: Apache-2.0
#include "platform/process/run_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGKILL
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>

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

TEST_F(RunProgram, MarksTheEnvironment) {
  const auto first = shell("echo \"$BELLHOP_RUN $HOME\"; exit 1");
  const auto second = shell("echo \"$BELLHOP_RUN $HOME\"; exit 1");
  ASSERT_TRUE(first && second);
  const char* home = std::getenv("HOME");
  EXPECT_TRUE(first->output.ends_with(fmt::format(" {}\n", home ? home : "")));
  EXPECT_NE(first->output, second->output);
}

// A FIFO that a process of a program opens.
class OpenFifo {
 public:
  explicit OpenFifo(std::string path) : path_(std::move(path)) {
    ::mkfifo(path_.c_str(), 0600);
    fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~OpenFifo() { ::close(fd_); }
  OpenFifo(const OpenFifo&) = delete;
  OpenFifo& operator=(const OpenFifo&) = delete;

  const std::string& path() const { return path_; }
  // A shell command that opens the FIFO and does not end.
  std::string command() const { return "exec 9>" + path_ + "; echo >&9; exec sleep 1000"; }
  // Waits until the command has opened the FIFO.
  void wait() { EXPECT_TRUE(wait_for(POLLIN)); }
  // Whether the command has ended, or does so soon.
  bool is_closed() {
    char line[2];
    [[maybe_unused]] const ssize_t size = ::read(fd_, line, sizeof line);
    return wait_for(POLLHUP);
  }

 private:
  bool wait_for(short event) {
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 30'000) == 1 && (entry.revents & event) != 0;
  }

  std::string path_;
  int fd_;
};

// Programs whose child does not end; {} is the child's command.
class ProgramWithChild : public ::testing::TestWithParam<const char*> {
 protected:
  std::string script() const { return fmt::format(fmt::runtime(GetParam()), fifo.command()); }

  testing::TemporaryDirectory directory;
  OpenFifo fifo{directory / "fifo"};
  Processes processes;
};

TEST_P(ProgramWithChild, IsKilledWithItsChild) {
  std::stop_source stop;
  const std::jthread stopper([&] {
    fifo.wait();
    stop.request_stop();
  });
  const auto run = run_program(processes, {.path = "/bin/sh", .arguments = {"-c", script()}},
                               {.stop = stop.get_token()});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->outcome, ProgramRun::Outcome::cancelled);
  EXPECT_TRUE(fifo.is_closed());
}

INSTANTIATE_TEST_SUITE_P(
    RunProgram, ProgramWithChild,
    ::testing::Values("({}) & wait",                      // in its group
                      "set -m; ({}) & wait",              // in another group
                      "(set -m; ({}) &); sleep 1000",     // … and orphaned
                      "env -i setsid sh -c '{}' & wait",  // in another session
                      "setsid sh -c '({}) & exec sleep 1000' & wait",
                      "(setsid sh -c '{}' >/dev/null 2>&1 &); sleep 1000"));  // … and orphaned

TEST_F(RunProgram, KillsTheChildrenOfAProgramThatASignalEnded) {
  const testing::TemporaryDirectory directory;
  OpenFifo fifo(directory / "fifo");
  const testing::Gate started(directory / "started");
  const auto run = shell("(exec 9>" + fifo.path() + "; echo >" + started.path() +
                         "; exec sleep 1000) & " + started.wait_command() + "; kill -9 $$");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->end.signal, SIGKILL);
  EXPECT_TRUE(fifo.is_closed());
}

TEST_F(RunProgram, ReportsThatAChildThatEscapedHasClosedTheOutput) {
  const testing::TemporaryDirectory directory;
  testing::Gate started(directory / "started");
  testing::Gate gate(directory / "gate");
  std::stop_source stop;
  const std::jthread stopper([&] {
    started.wait();
    stop.request_stop();
  });
  std::promise<void> closed;
  auto is_closed = closed.get_future();
  const testing::Gate escaped(directory / "escaped");
  const std::string escape = "(env -i setsid sh -c 'echo >" + escaped.path() + "; " +
                             gate.wait_command() + "' &); " + escaped.wait_command() + "; echo >" +
                             started.path() + "; sleep 1000";
  const auto run =
      run_program(processes_, {.path = "/bin/sh", .arguments = {"-c", escape}},
                  {.stop = stop.get_token(), .on_late_close = [&] { closed.set_value(); }});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->outcome, ProgramRun::Outcome::cancelled);
  EXPECT_EQ(is_closed.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  gate.open();
  EXPECT_EQ(is_closed.wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST_F(RunProgram, ReportsNothingLaterWhenAllProcessesWereKilled) {
  bool called = false;
  {
    Processes processes;
    const auto run = run_program(processes, {.path = "/bin/sh", .arguments = {"-c", "kill -9 $$"}},
                                 {.on_late_close = [&] { called = true; }});
    ASSERT_TRUE(run);
  }
  EXPECT_FALSE(called);
}

TEST_F(RunProgram, ReportsWhyItCannotStart) {
  const auto run = run_program(processes_, {.path = "/nonexistent"});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().message,
            "Failed to execute child process “/nonexistent” (No such file or directory)");
}

}  // namespace
}  // namespace bellhop::platform
