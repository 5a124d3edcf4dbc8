// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze_hook.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
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
  Result<void> run(std::chrono::milliseconds timeout = 1min, const std::stop_token& stop = {}) {
    return freeze_hooks(processes, {.program = path, .timeout = timeout})("freeze", stop);
  }
  // The error of a hook with this script; nullopt on success.
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

TEST_F(FreezeHookTest, HasTheActionAsItsOnlyArgument) {
  EXPECT_EQ(error_of("[ \"$# $1\" = '1 freeze' ]"), std::nullopt);
}

TEST_F(FreezeHookTest, HasNoInput) {
  EXPECT_EQ(error_of("[ $(readlink /proc/$$/fd/0) = /dev/null ]"), std::nullopt);
}

TEST_F(FreezeHookTest, FailsWithItsOutput) {
  EXPECT_EQ(error_of("echo out; echo err >&2; exit 3"), prefix + std::string("out\nerr\n"));
}

TEST_F(FreezeHookTest, FailsWithItsStatusWithoutOutput) {
  EXPECT_EQ(error_of("exit 3"), prefix + std::string("exit status 3"));
}

TEST_F(FreezeHookTest, FailsWhenASignalKillsIt) {
  EXPECT_EQ(error_of("[ $1 = thaw ] || kill -9 $$"), "child process has terminated abnormally");
  EXPECT_EQ(error_of("[ $1 = thaw ] && exit; echo x; kill -15 $$"),
            "child process has terminated abnormally: x\n");
}

TEST_F(FreezeHookTest, KeepsOutputUpToAZeroByte) {
  EXPECT_EQ(error_of("printf 'a\\0b'; exit 1"), prefix + std::string("a"));
}

TEST_F(FreezeHookTest, TruncatesVeryLongOutput) {
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

TEST_F(FreezeHookTest, IsRefusedIfOthersCanChangeIt) {
  write("#!/bin/sh\necho >" + directory / "ran", 0757);
  const auto result = run();
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with(
      prefix + ("'" + path + "' has the owner " + std::to_string(::geteuid()) +
                " and the mode 0757, but only its owner may be able to write to it")))
      << result.error().message;
  EXPECT_FALSE(std::filesystem::exists(directory / "ran"));
}

TEST_F(FreezeHookTest, IsAShellScriptByDefault) {
  write("exit 4");
  const auto result = run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, prefix + std::string("exit status 4"));
}

TEST_F(FreezeHookTest, IsKilledAtTheTimeout) {
  write("#!/bin/sh\nexec sleep 1000\n");
  const auto result = run(10ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            prefix + std::string("'freeze' did not end within 0.01 s and was killed; ") + prefix +
                "'thaw' did not end within 0.01 s and was killed");
  EXPECT_EQ(result.error().system, std::errc::timed_out);
}

TEST_F(FreezeHookTest, IsKilledWhenItIsCancelled) {
  Gate started(directory / "started");
  write("#!/bin/sh\n[ $1 = thaw ] && exit\necho >" + started.path() + "\nexec sleep 1000\n");
  std::stop_source stop;
  const std::jthread stopper([&] {
    started.wait();
    stop.request_stop();
  });
  const auto result = run(1h, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().system, std::errc::operation_canceled);
}

TEST_F(FreezeHookTest, DoesNotWaitForItsChildren) {
  Gate gate(directory / "gate");
  EXPECT_EQ(error_of("(" + gate.wait_command() + ") & echo x; exit 1"),
            prefix + std::string("x\n"));
  EXPECT_EQ(error_of("(" + gate.wait_command() + ") & exit 0"), std::nullopt);
  gate.open(2);
}

// Hooks in a directory, which log their calls.
class FreezeHookDirectory : public FreezeHookTest {
 protected:
  FreezeHookDirectory() { std::filesystem::create_directory(hooks); }

  void add(const std::string& name, const std::string& script = "", mode_t mode = 0755) {
    const std::string file = hooks + "/" + name;
    std::ofstream(file) << "#!/bin/sh\necho " << name << " $* >>" << directory / "calls" << "\n"
                        << script << "\n";
    ::chmod(file.c_str(), mode);
  }
  Result<void> run(std::string_view action, const std::stop_token& stop = {}) {
    return freeze_hooks(processes, {.program = program, .directory = hooks, .timeout = 1min})(
        action, stop);
  }
  std::string calls() {
    std::string text = directory.content("calls");
    std::filesystem::remove(directory / "calls");
    std::ranges::replace(text, '\n', ',');
    return text;
  }

  const std::string hooks = directory / "freeze.d";
  std::optional<std::string> program;
};

TEST_F(FreezeHookDirectory, RunsInTheOrderOfNamesAndInReverseForAThaw) {
  for (const char* name : {"20-b", "10-a", "9.sh"}) add(name);
  EXPECT_TRUE(run("freeze"));
  EXPECT_EQ(calls(), "10-a freeze,20-b freeze,9.sh freeze,");
  EXPECT_TRUE(run("thaw"));
  EXPECT_EQ(calls(), "9.sh thaw,20-b thaw,10-a thaw,");
}

TEST_F(FreezeHookDirectory, RunsAfterTheProgramForAFreezeAndBeforeItForAThaw) {
  add("a");
  add("../program");
  program = directory / "program";
  EXPECT_TRUE(run("freeze"));
  EXPECT_EQ(calls(), "../program freeze,a freeze,");
  EXPECT_TRUE(run("thaw"));
  EXPECT_EQ(calls(), "a thaw,../program thaw,");
}

TEST_F(FreezeHookDirectory, IgnoresOtherFiles) {
  for (const char* name : {".hidden", "x~", "x.bak", "x.dpkg-old", "x.dpkg-new.1", "x.rpmsave"}) {
    add(name);
  }
  add("not-executable", "", 0644);
  std::filesystem::create_directory(hooks + "/directory");
  std::filesystem::create_symlink("/nonexistent", hooks + "/dangling");
  EXPECT_TRUE(run("freeze"));
  EXPECT_EQ(calls(), "");
}

TEST_F(FreezeHookDirectory, MayBeMissing) {
  std::filesystem::remove_all(hooks);
  EXPECT_TRUE(run("freeze"));
  EXPECT_TRUE(run("thaw"));
}

TEST_F(FreezeHookDirectory, FailsIfItIsAFile) {
  std::filesystem::remove_all(hooks);
  std::ofstream(hooks).flush();
  const auto result = run("freeze");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "cannot read the freeze hooks in '" + hooks + "': Not a directory");
}

TEST_F(FreezeHookDirectory, CallsThawForTheHooksThatRanWhenOneFails) {
  add("a");
  add("b");
  add("c", "[ $1 = freeze ] || exit 0; echo no; exit 1");
  add("d");
  const auto result = run("freeze");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, prefix + ("'" + hooks + "/c': no\n"));
  EXPECT_EQ(calls(), "a freeze,b freeze,c freeze,b thaw,a thaw,");
}

TEST_F(FreezeHookDirectory, CallsThawForTheHookThatWasKilled) {
  add("a");
  Gate started(directory / "started");
  add("b", "[ $1 = thaw ] && exit; echo >" + started.path() + "; exec sleep 1000");
  std::stop_source stop;
  const std::jthread stopper([&] {
    started.wait();
    stop.request_stop();
  });
  const auto result = run("freeze", stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            prefix + ("'" + hooks + "/b': 'freeze' was killed: it is not wanted any more"));
  EXPECT_EQ(calls(), "a freeze,b freeze,b thaw,a thaw,");
}

TEST_F(FreezeHookDirectory, CallsThawForTheHookThatASignalKilled) {
  add("a");
  add("b", "[ $1 = thaw ] || kill -9 $$");
  EXPECT_FALSE(run("freeze"));
  EXPECT_EQ(calls(), "a freeze,b freeze,b thaw,a thaw,");
}

// The first freeze of the hook "a" starts a child that cannot be found, so that it cannot be
// killed. The child ends when `gate` is opened.
class FreezeHookWithEscapedChild : public FreezeHookDirectory {
 protected:
  FreezeHookWithEscapedChild() {
    add("a", "if [ $1 = thaw ]; then echo >" + thawed.path() + "; exit; fi\n[ -e " +
                 directory / "calm" + " ] && exit\n(env -i setsid sh -c 'echo >" + escaped_.path() +
                 "; " + gate.wait_command() + "; echo late freeze >>" + directory / "calls" +
                 "' &); " + escaped_.wait_command() + "; echo >" + started_.path() +
                 "; exec sleep 1000");
  }
  void freeze_and_kill() {
    std::stop_source stop;
    const std::jthread stopper([&] {
      started_.wait();
      stop.request_stop();
    });
    EXPECT_FALSE(hook("freeze", stop.get_token()));
    thawed.wait();
    EXPECT_EQ(calls(), "a freeze,a thaw,");
    directory.file("calm", "");
  }

  Gate gate{directory / "gate"};
  Gate thawed{directory / "thawed"};
  FreezeHook hook = freeze_hooks(processes, {.directory = hooks, .timeout = 1min});

 private:
  Gate escaped_{directory / "escaped"};
  Gate started_{directory / "started"};
};

TEST_F(FreezeHookWithEscapedChild, CallsThawOnceMoreWhenTheChildHasEnded) {
  freeze_and_kill();
  gate.open();
  thawed.wait();
  EXPECT_EQ(calls(), "late freeze,a thaw,");
}

TEST_F(FreezeHookWithEscapedChild, CallsThawAfterTheNextFreezeIfTheChildEndsInIt) {
  freeze_and_kill();
  EXPECT_TRUE(hook("freeze", {}));
  EXPECT_EQ(calls(), "a freeze,");
  gate.open();
  while (directory.content("calls").empty()) std::this_thread::sleep_for(5ms);
  std::this_thread::sleep_for(100ms);  // a thaw in the freeze would come about now
  EXPECT_EQ(calls(), "late freeze,");
  EXPECT_TRUE(hook("thaw", {}));
  thawed.wait();
  thawed.wait();
  EXPECT_EQ(calls(), "a thaw,a thaw,");
}

TEST_F(FreezeHookWithEscapedChild, MayOutliveTheHooks) {
  freeze_and_kill();
  hook = nullptr;
  gate.open();
}

TEST_F(FreezeHookDirectory, ReportsAHookThatFailsToThaw) {
  add("a", "[ $1 = freeze ] || exit 4");
  add("b", "exit 3");
  const auto result = run("freeze");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, prefix + ("'" + hooks + "/b': exit status 3; ") + prefix +
                                        ("'" + hooks + "/a': exit status 4"));
}

TEST_F(FreezeHookDirectory, RunsTheOthersWhenOneFailsToThaw) {
  add("a");
  add("b", "exit 3");
  const auto result = run("thaw");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, prefix + ("'" + hooks + "/b': exit status 3"));
  EXPECT_EQ(calls(), "b thaw,a thaw,");
}

}  // namespace
}  // namespace bellhop::state
