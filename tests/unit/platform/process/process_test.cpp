// SPDX-License-Identifier: Apache-2.0
#include "platform/process/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "unit/gate.h"

namespace bellhop::platform {
namespace {

using bellhop::testing::Gate;
using bellhop::testing::TemporaryDirectory;
using ::testing::HasSubstr;

// Records output and exit, and waits for them.
class Recorder : public ProcessObserver {
 public:
  explicit Recorder(const ProcessRequest& request)
      : open_((request.out == Output::capture ? 1 : 0) + (request.err == Output::capture ? 1 : 0)) {
  }

  void on_output(OutputStream stream, std::span<const std::byte> bytes) override {
    const std::scoped_lock lock(mutex_);
    (stream == OutputStream::out ? out : err)
        .append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void on_eof(OutputStream) override {
    const std::scoped_lock lock(mutex_);
    --open_;
    changed_.notify_all();
  }
  void on_exit(ProcessEnd result) override {
    const std::scoped_lock lock(mutex_);
    end = result;
    changed_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return end && open_ == 0; });
  }
  void wait_for_exit() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return end.has_value(); });
  }
  // Lets wait() return for a process that could not be started.
  void cancel() {
    const std::scoped_lock lock(mutex_);
    end.emplace();
    open_ = 0;
  }
  int open_streams() {
    const std::scoped_lock lock(mutex_);
    return open_;
  }

  // Read these after wait().
  std::string out;
  std::string err;
  std::optional<ProcessEnd> end;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int open_;
};

class Process : public ::testing::Test {
 protected:
  std::shared_ptr<Recorder> start(ProcessRequest request) {
    return start(processes_, std::move(request));
  }
  static std::shared_ptr<Recorder> start(Processes& processes, ProcessRequest request) {
    auto recorder = std::make_shared<Recorder>(request);
    const auto pid = processes.start(std::move(request), recorder);
    EXPECT_TRUE(pid.has_value()) << pid.error().message;
    if (!pid) recorder->cancel();
    return recorder;
  }
  std::shared_ptr<Recorder> finish(ProcessRequest request) {
    auto recorder = start(std::move(request));
    recorder->wait();
    return recorder;
  }
  static ProcessRequest shell(std::string script) {
    return {.path = "/bin/sh",
            .arguments = {"-c", std::move(script)},
            .environment = {},
            .input = {},
            .out = Output::capture,
            .err = Output::capture};
  }
  std::string output_of(ProcessRequest request) {
    return output_of(processes_, std::move(request));
  }
  static std::string output_of(Processes& processes, ProcessRequest request) {
    request.out = Output::capture;
    const auto recorder = start(processes, std::move(request));
    recorder->wait();
    return recorder->out;
  }
  Error failure_of(ProcessRequest request) {
    const auto pid = processes_.start(request, std::make_shared<Recorder>(request));
    EXPECT_FALSE(pid.has_value());
    return pid ? Error{} : pid.error();
  }
  std::string make_file(const std::string& name, const std::string& content, bool executable) {
    std::filesystem::create_directories(std::filesystem::path(directory_ / name).parent_path());
    std::ofstream(directory_ / name) << content;
    if (executable) {
      std::filesystem::permissions(directory_ / name, std::filesystem::perms::owner_all);
    }
    return directory_ / name;
  }
  ProcessRequest with_path(std::string name, std::string path) {
    ProcessRequest request;
    request.path = std::move(name);
    request.environment = {"PATH=" + path};
    return request;
  }

  TemporaryDirectory directory_;
  Processes processes_;
};

TEST_F(Process, ReportsHowItEnded) {
  EXPECT_EQ(finish(shell("exit 0"))->end->exit_code, 0);
  EXPECT_EQ(finish(shell("exit 255"))->end->exit_code, 255);
  const auto killed = finish(shell("kill -KILL $$"));
  EXPECT_EQ(killed->end->signal, SIGKILL);
  EXPECT_FALSE(killed->end->exit_code);
}

TEST_F(Process, ReceivesItsArgumentsUnchanged) {
  const auto done = finish({.path = "printf",
                            .arguments = {"<%s>", "a b", "", "$HOME", "\n", "ü"},
                            .environment = {},
                            .input = {},
                            .out = Output::capture});
  EXPECT_EQ(done->out, "<a b><><$HOME><\n><ü>");
}

TEST_F(Process, SeparatesOutputAndErrorOutput) {
  const auto done = finish(shell("echo out; echo err >&2"));
  EXPECT_EQ(done->out, "out\n");
  EXPECT_EQ(done->err, "err\n");
}

TEST_F(Process, MergesOutputAndErrorOutputInTheOrderOfWriting) {
  ProcessRequest request = shell("echo 1; echo 2 >&2; echo 3");
  request.err = Output::with_out;
  EXPECT_EQ(finish(request)->out, "1\n2\n3\n");
}

TEST_F(Process, DiscardsUncapturedOutput) {
  ProcessRequest request = shell("file=$(readlink /proc/$$/fd/1); echo $file >&2");
  request.out = Output::discard;
  EXPECT_EQ(finish(request)->err, "/dev/null\n");
}

TEST_F(Process, ReadsDevNullWithoutInput) {
  EXPECT_EQ(finish(shell("readlink /proc/self/fd/0; cat"))->out, "/dev/null\n");
}

TEST_F(Process, ReadsItsInputToTheEnd) {
  ProcessRequest request = shell("cat");
  request.input = std::string("a\0b", 3);
  EXPECT_EQ(finish(request)->out, std::string("a\0b", 3));
  request.input = "";
  EXPECT_EQ(finish(request)->out, "");
}

TEST_F(Process, TransfersLargeInputAndOutputConcurrently) {
  ProcessRequest request = shell("tee /dev/stderr");
  request.input = std::string(3'000'001, 'x');
  const auto done = finish(request);
  EXPECT_EQ(done->out, *request.input);
  EXPECT_EQ(done->err, *request.input);
}

TEST_F(Process, MayLeaveItsInputUnread) {
  ProcessRequest request = shell("exec <&-; echo done");
  request.input = std::string(1'000'000, 'x');
  EXPECT_EQ(finish(request)->out, "done\n");
}

TEST_F(Process, ReportsItsExitWhileAChildKeepsItsOutputOpen) {
  Gate gate(directory_ / "gate");
  const auto running =
      start(shell("(" + gate.wait_command() + "; echo late) & echo early; exit 4"));
  running->wait_for_exit();
  EXPECT_EQ(running->end->exit_code, 4);
  EXPECT_EQ(running->open_streams(), 2);
  gate.open();
  running->wait();
  EXPECT_EQ(running->out, "early\nlate\n");
}

TEST_F(Process, InheritsOrReplacesTheEnvironment) {
  ::setenv("BELLHOP_TEST", "inherited", 1);
  EXPECT_EQ(output_of(shell("echo $BELLHOP_TEST")), "inherited\n");
  ::unsetenv("BELLHOP_TEST");
  ProcessRequest request;
  request.path = "/usr/bin/env";
  request.environment = {"A=1", "B"};
  EXPECT_EQ(output_of(request), "A=1\nB\n");
  request.environment = std::vector<std::string>{};
  EXPECT_EQ(output_of(request), "");
}

TEST_F(Process, InheritsOnlyTheStandardStreams) {
  const int inheritable = ::open("/dev/null", O_RDONLY);
  const int high = ::fcntl(inheritable, F_DUPFD, 200);
  const ProcessRequest list =
      shell("for i in $(seq 0 300); do [ -e /proc/$$/fd/$i ] && echo $i; done");
  EXPECT_EQ(output_of(list), "0\n1\n2\n");
  ::close(inheritable);
  ::close(high);
}

TEST_F(Process, HasStandardStreamsEvenIfTheAgentHasNone) {
  finish(shell("true"));  // opens the persistent fds, so that they do not get the numbers 0 to 2
  int saved[3];
  for (int i = 0; i < 3; ++i) saved[i] = ::fcntl(i, F_DUPFD_CLOEXEC, 10);
  for (int i = 0; i < 3; ++i) ::close(i);
  ProcessRequest request = shell("cat; echo err >&2");
  request.input = "in";
  const auto done = finish(request);
  for (int i = 0; i < 3; ++i) {
    ::dup2(saved[i], i);
    ::close(saved[i]);
  }
  EXPECT_EQ(done->out, "in");
  EXPECT_EQ(done->err, "err\n");
}

TEST_F(Process, UnblocksAndResetsSignals) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  const auto hup_before = ::signal(SIGHUP, SIG_IGN);
  const auto usr1_before = ::signal(SIGUSR1, SIG_IGN);
  const auto usr2_before = ::signal(SIGUSR2, [](int) {});
  ProcessRequest request;
  request.path = "grep";
  request.arguments = {"-E", "Sig(Blk|Ign)", "/proc/self/status"};
  const std::string status = output_of(request);
  ::signal(SIGPIPE, pipe_before);
  ::signal(SIGHUP, hup_before);
  ::signal(SIGUSR1, usr1_before);
  ::signal(SIGUSR2, usr2_before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Of the ignored signals, only USR1 (10) is not reset, as with qemu-ga.
  EXPECT_EQ(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000200\n");
}

// Otherwise the signal would reach this process.
TEST_F(Process, SignalsItsOwnGroupOnly) {
  EXPECT_EQ(output_of(shell("[ $(ps -o pgid= -p $$) = $$ ] && [ $(ps -o sid= -p $$) = $$ ] && "
                            "trap 'echo signalled; exit' TERM && kill 0")),
            "signalled\n");
}

TEST_F(Process, HasTheOriginalDescriptorLimitOfTheAgent) {
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 300;
  ::setrlimit(RLIMIT_NOFILE, &low);
  rlimit raised;
  std::string limits;
  {
    Processes one;
    Processes another;
    limits = output_of(one, shell("ulimit -Sn")) + output_of(another, shell("ulimit -Sn"));
    ::getrlimit(RLIMIT_NOFILE, &raised);
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(limits, "300\n300\n");
  EXPECT_EQ(raised.rlim_cur, std::min<rlim_t>(before.rlim_max, 65536));
}

TEST_F(Process, ReportsHowItEndedIfTheAgentInheritedAnIgnoredSigchld) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const auto done = finish(shell("exit 9"));
  ::signal(SIGCHLD, before);
  EXPECT_EQ(done->end->exit_code, 9);
}

TEST_F(Process, IsFoundInThePathOfItsEnvironment) {
  make_file("a/tool", "#!/bin/sh\necho a\n", false);  // not executable, so it is skipped
  make_file("b/tool", "#!/bin/sh\necho b\n", true);
  std::filesystem::create_directories(directory_ / "d/tool");
  const std::string path = directory_ / "none" + ":" + (directory_ / "a") + ":" +
                           (directory_ / "d") + ":" + (directory_ / "b/tool") + ":" +
                           (directory_ / "b");
  EXPECT_EQ(output_of(with_path("tool", path)), "b\n");
  EXPECT_EQ(failure_of(with_path("tool", directory_ / "none")).message,
            "Failed to execute child process “tool” (No such file or directory)");
  EXPECT_EQ(failure_of(with_path("tool", (directory_ / "a") + ":" + (directory_ / "none"))).message,
            "Failed to execute child process “tool” (Permission denied)");
}

TEST_F(Process, IsFoundInTheAgentsPathIfItsEnvironmentHasNone) {
  make_file("tool", "#!/bin/sh\necho found\n", true);
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", directory_.path().c_str(), 1);
  ProcessRequest request;
  request.path = "tool";
  request.environment = {"A=1", "PATH"};
  const std::string found = output_of(request);
  ::unsetenv("PATH");
  request.path = "true";
  const auto in_bin = finish(request);
  ::setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(found, "found\n");
  EXPECT_EQ(in_bin->end->exit_code, 0);
}

TEST_F(Process, IsRunByTheShellWithoutAnInterpreter) {
  const std::string file = make_file("script", "echo \"$0\" \"$@\"\n", true);
  EXPECT_EQ(output_of({.path = file, .arguments = {"x", "y z"}, .environment = {}, .input = {}}),
            file + " x y z\n");
  EXPECT_EQ(output_of(with_path("script", directory_.path())), file + "\n");
}

TEST_F(Process, ReportsWhyItCannotBeStarted) {
  const std::string plain = make_file("plain", "", false);
  const std::string script = make_file("script", "#!/none/such\n", true);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/none/such", "No such file or directory"},
      {"", "No such file or directory"},
      {"/", "Permission denied"},
      {plain, "Permission denied"},
      {plain + "/x", "Not a directory"},
      {script, "No such file or directory"},
      {"/" + std::string(5000, 'x'), "File name too long"},
  };
  for (const auto& [path, reason] : cases) {
    ProcessRequest request;
    request.path = path;
    const Error error = failure_of(request);
    EXPECT_EQ(error.message,
              fmt::format("Failed to execute child process “{}” ({})", path, reason));
  }
  ProcessRequest request;
  request.path = "true";
  request.arguments = {std::string(200'000, 'x')};
  EXPECT_THAT(failure_of(request).message, HasSubstr("(Argument list too long)"));
}

TEST_F(Process, LeavesNoDescriptorOpen) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  finish(shell("true"));  // starts the thread and opens its persistent fds
  const auto before = count();
  ProcessRequest request = shell("echo; cat");
  request.input = "x";
  finish(request);
  failure_of({.path = "/none/such",
              .arguments = {},
              .environment = {},
              .input = "x",
              .out = Output::capture,
              .err = Output::capture});
  EXPECT_EQ(count(), before);
}

TEST(Processes, DoNotKillRunningProcesses) {
  TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Gate done(directory / "done");
  {
    Processes processes;
    ProcessRequest request;
    request.path = "/bin/sh";
    request.arguments = {"-c", gate.wait_command() + "; echo >" + done.path()};
    ASSERT_TRUE(processes.start(request, std::make_shared<Recorder>(request)));
  }
  gate.open();
  done.wait();
}

TEST(Processes, AreThreadSafe) {
  Processes processes;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) {
        ProcessRequest request;
        request.path = "cat";
        request.input = "hello";
        request.out = Output::capture;
        auto recorder = std::make_shared<Recorder>(request);
        ASSERT_TRUE(processes.start(request, recorder));
        recorder->wait();
        EXPECT_EQ(recorder->out, "hello");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace bellhop::platform
