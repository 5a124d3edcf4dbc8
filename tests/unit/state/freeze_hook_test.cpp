#include "state/freeze_hook.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <thread>

#include "unit/gate.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Gate;
using bellhop::testing::TemporaryDirectory;
using namespace std::chrono_literals;

// Writes hooks and runs them.
class FreezeHookTest : public ::testing::Test {
 protected:
  void write(const std::string& text, mode_t mode = 0755) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  Result<void> run(std::chrono::milliseconds limit = 1min, const std::stop_token& stop = {}) {
    return program_hook(processes, path, limit)("freeze", stop);
  }
  // What a client is told about a hook with that script; nothing when it succeeds.
  std::optional<std::string> error_of(const std::string& script) {
    write("#!/bin/sh\n" + script + "\n");
    const auto result = run();
    if (result) return std::nullopt;
    return result.error().message;
  }

  TemporaryDirectory directory;
  std::string path = directory / "hook";
  platform::Processes processes;
};

constexpr auto prefix = "child process has failed to execute fsfreeze hook: ";

TEST_F(FreezeHookTest, SucceedsWithStatusZero) {
  EXPECT_EQ(error_of("exit 0"), std::nullopt);
}

TEST_F(FreezeHookTest, IsGivenTheActionAsItsOnlyArgument) {
  EXPECT_EQ(error_of("[ \"$# $1\" = '1 freeze' ]"), std::nullopt);
}

TEST_F(FreezeHookTest, ReadsNothing) {
  EXPECT_EQ(error_of("[ $(readlink /proc/$$/fd/0) = /dev/null ]"), std::nullopt);
}

TEST_F(FreezeHookTest, FailsWithWhatItWrote) {
  EXPECT_EQ(error_of("echo out; echo err >&2; exit 3"), prefix + std::string("out\nerr\n"));
}

TEST_F(FreezeHookTest, FailsWithItsStatusWhenItWroteNothing) {
  EXPECT_EQ(error_of("exit 3"), prefix + std::string("exit status 3"));
}

TEST_F(FreezeHookTest, FailsWhenASignalEndsIt) {
  EXPECT_EQ(error_of("kill -9 $$"), "child process has terminated abnormally");
  EXPECT_EQ(error_of("echo x; kill -15 $$"), "child process has terminated abnormally: x\n");
}

TEST_F(FreezeHookTest, KeepsOutputUpToAZeroByte) {
  EXPECT_EQ(error_of("printf 'a\\0b'; exit 1"), prefix + std::string("a"));
}

TEST_F(FreezeHookTest, KeepsAPartOfVeryLongOutput) {
  const auto error = error_of("head -c 200000 /dev/zero | tr '\\0' x; exit 1");
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, prefix + std::string(std::size_t{64} * 1024, 'x'));
}

TEST_F(FreezeHookTest, FailsWhenItIsMissing) {
  const auto result = run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            prefix + ("failed to exec '" + path + "': No such file or directory\n"));
}

TEST_F(FreezeHookTest, FailsWhenItIsNotExecutable) {
  write("#!/bin/sh\n", 0644);
  const auto result = run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            prefix + ("failed to exec '" + path + "': Permission denied\n"));
}

TEST_F(FreezeHookTest, IsAShellScriptWhenItDoesNotSay) {
  write("exit 4");
  const auto result = run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, prefix + std::string("exit status 4"));
}

TEST_F(FreezeHookTest, IsKilledAtTheLimit) {
  write("#!/bin/sh\nexec sleep 1000\n");
  const auto result = run(10ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            prefix + std::string("'freeze' did not end within 0.01 s and was killed"));
  EXPECT_EQ(result.error().system, std::errc::timed_out);
}

TEST_F(FreezeHookTest, IsKilledWhenItIsNotWantedAnyMore) {
  Gate started(directory / "started");
  write("#!/bin/sh\necho >" + started.path() + "\nexec sleep 1000\n");
  std::stop_source stop;
  const std::jthread stopper([&] {
    started.wait();
    stop.request_stop();
  });
  const auto result = run(1h, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().system, std::errc::operation_canceled);
}

TEST_F(FreezeHookTest, DoesNotWaitForWhatItLeavesBehind) {
  Gate gate(directory / "gate");
  EXPECT_EQ(error_of("(" + gate.wait_command() + ") & echo x; exit 1"),
            prefix + std::string("x\n"));
  EXPECT_EQ(error_of("(" + gate.wait_command() + ") & exit 0"), std::nullopt);
  gate.open(2);
}

}  // namespace
}  // namespace bellhop::state
