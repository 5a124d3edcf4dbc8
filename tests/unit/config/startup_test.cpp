// SPDX-License-Identifier: Apache-2.0
#include "config/startup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "unit/temporary_directory.h"

namespace bellhop::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Action = Startup::Action;

ChannelSettings channel(std::string_view method, std::string path) {
  return {platform::find_channel_kind(method), std::move(path)};
}

class StartupTest : public testing::Test {
 protected:
  Environment environment() {
    return {
        .variable =
            [this](const char* name) {
              const auto found = environment_.find(name);
              return found == environment_.end() ? nullptr : found->second.c_str();
            },
        .working_directory = "/here",
        .guest_agent_configuration = directory_.path("qemu-ga.conf"),
        .configuration = directory_.path("bellhop.conf"),
    };
  }
  // Calls parse(argc, argv, environment).
  template <class Parse>
  auto with_arguments(std::vector<std::string> arguments, Parse parse) {
    arguments.insert(arguments.begin(), executable_);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    return parse(static_cast<int>(arguments.size()), argv.data(), environment());
  }
  Result<Startup> startup(std::vector<std::string> arguments) {
    return with_arguments(std::move(arguments), parse_startup);
  }
  std::string early_state_directory(std::vector<std::string> arguments) {
    const auto early = with_arguments(std::move(arguments), read_early_settings);
    return early ? early->state_directory : "none";
  }
  Settings settings(std::vector<std::string> arguments) {
    auto parsed = startup(std::move(arguments));
    if (!parsed) {
      ADD_FAILURE() << parsed.error().message;
      return {};
    }
    EXPECT_EQ(parsed->action, Action::run);
    return std::move(parsed->settings);
  }
  std::string error_of(std::vector<std::string> arguments) {
    const auto parsed = startup(std::move(arguments));
    return parsed ? "no error" : parsed.error().message;
  }
  std::string output(std::vector<std::string> arguments) {
    const auto parsed = startup(std::move(arguments));
    if (!parsed) return parsed.error().message;
    EXPECT_EQ(parsed->action, Action::print);
    return parsed->output;
  }
  void guest_agent_configuration(const std::string& text) { directory_.file("qemu-ga.conf", text); }
  void configuration(const std::string& text) { directory_.file("bellhop.conf", text); }

  std::string executable_ = "/usr/sbin/bellhopd";
  std::map<std::string, std::string> environment_;
  TemporaryDirectory directory_;
};

TEST_F(StartupTest, HasTheDefaultsOfQemuGa) {
  const Settings defaults = settings({});
  EXPECT_THAT(defaults.channels,
              ElementsAre(channel("virtio-serial", "/dev/virtio-ports/org.qemu.guest_agent.0")));
  EXPECT_EQ(defaults.pid_file, "/var/run/qemu-ga.pid");
  EXPECT_EQ(defaults.state_dir, "/var/run");
  EXPECT_EQ(defaults.log.level, platform::LogLevel::critical);
  EXPECT_EQ(defaults.log.target, LogTarget::standard_error);
  EXPECT_FALSE(defaults.fsfreeze_hook || defaults.log_file);
  EXPECT_FALSE(defaults.configuration_file || defaults.guest_agent_configuration_file);
}

TEST_F(StartupTest, AppliesQemuGasFileThenBellhopsFileThenTheCommandLine) {
  guest_agent_configuration("[general]\nstatedir=/1\npidfile=/1\nlogfile=/1\nblock-rpcs=a\n");
  configuration("[general]\nstatedir=/2\npidfile=/2\nblock-rpcs=b\n");
  const Settings merged = settings({"-t", "/3", "-b", "c"});
  EXPECT_EQ(merged.state_dir, "/3");
  EXPECT_EQ(merged.pid_file, "/2");
  EXPECT_EQ(merged.log_file, "/1");
  EXPECT_THAT(merged.blocked_commands, ElementsAre("a", "b", "c"));
  EXPECT_EQ(merged.configuration_file, directory_.path("bellhop.conf"));
  EXPECT_EQ(merged.guest_agent_configuration_file, directory_.path("qemu-ga.conf"));
}

TEST_F(StartupTest, PrefersTheOptionToTheVariableForQemuGasFile) {
  guest_agent_configuration("[general]\nstatedir=/default\n");
  environment_["QGA_CONF"] = directory_.file("variable", "[general]\nstatedir=/variable\n");
  const std::string named = directory_.file("named", "[general]\nstatedir=/named\n");
  EXPECT_EQ(settings({}).state_dir, "/variable");
  EXPECT_EQ(settings({"-c", named}).state_dir, "/named");
  environment_["QGA_CONF"] = directory_.path("missing");
  EXPECT_EQ(settings({}).state_dir, "/var/run");
}

TEST_F(StartupTest, FailsForAnUnreadableFileFirst) {
  EXPECT_THAT(error_of({"-V", "-c", "/nope"}), HasSubstr("/nope, No such file or directory"));
  EXPECT_THAT(error_of({"-x", "--bellhop-config=/nope"}), HasSubstr("'/nope': No such file"));
}

TEST_F(StartupTest, RequiresAPathForListeners) {
  EXPECT_EQ(error_of({"-m", "unix-listen"}), "must specify a path for this channel");
  EXPECT_EQ(error_of({"-m", "unix-listen", "-D"}), "must specify a path for this channel");
  EXPECT_THAT(settings({"-m", "isa-serial"}).channels,
              ElementsAre(channel("isa-serial", "/dev/ttyS0")));
}

TEST_F(StartupTest, RejectsUnknownMethodsButDumpsThem) {
  EXPECT_EQ(error_of({"-m", "bogus", "-p", "x"}), "unsupported channel method/type: bogus");
  EXPECT_THAT(output({"-m", "bogus", "-p", "x", "-D"}), HasSubstr("method=bogus\npath=x\n"));
}

TEST_F(StartupTest, ReloadsTheAgentWithThePidFileOrThePid) {
  configuration("[general]\npidfile=/configured\n");
  const auto by_file = startup({"--reload", "-m", "unix-listen"});
  ASSERT_TRUE(by_file);
  EXPECT_EQ(by_file->action, Action::reload);
  EXPECT_EQ(by_file->settings.pid_file, "/configured");
  EXPECT_EQ(by_file->reload_pid, std::nullopt);
  EXPECT_EQ(startup({"--reload", "-f", "/given"})->settings.pid_file, "/given");
  EXPECT_EQ(startup({"--reload=4711"})->reload_pid, 4711);
}

TEST_F(StartupTest, RejectsAPidThatIsNone) {
  for (const std::string text : {"", "x", "-1", "1x"}) {
    EXPECT_THAT(error_of({"--reload=" + text}),
                HasSubstr("option '--reload' requires a pid, '" + text + "' is not one"));
  }
}

TEST_F(StartupTest, AnswersTheProbeOfALiveUpgrade) {
  EXPECT_EQ(startup({"--can-take-over", "-d"})->action, Action::answer_probe);
  EXPECT_EQ(startup({"--can-take-over", "--path=/", "-m", "unix-listen"})->action,
            Action::answer_probe);
  EXPECT_EQ(error_of({"--can-take-over", "-m", "unix-listen"}),
            "must specify a path for this channel");
  EXPECT_EQ(error_of({"--can-take-over", "-m", "bogus", "-p", "x"}),
            "unsupported channel method/type: bogus");
  configuration("[nonsense]\n");
  EXPECT_THAT(error_of({"--can-take-over"}), HasSubstr("unknown group [nonsense]"));
}

TEST_F(StartupTest, UsesTheConfiguredChannelsUnlessTheCommandLineHasOne) {
  guest_agent_configuration("[general]\nmethod=isa-serial\n");
  configuration("[channels]\nchannels=unix-listen:/a;unix-listen:/b\n");
  EXPECT_THAT(settings({}).channels,
              ElementsAre(channel("unix-listen", "/a"), channel("unix-listen", "/b")));
  EXPECT_THAT(settings({"-p", "/c"}).channels, ElementsAre(channel("isa-serial", "/c")));
}

TEST_F(StartupTest, SelectsTheTargetOfTheLog) {
  EXPECT_EQ(settings({"-l", "/l"}).log.target, LogTarget::file);
  EXPECT_EQ(settings({"-v"}).log.level, platform::LogLevel::debug);
  EXPECT_TRUE(settings({}).log.exec_arguments);
  configuration("[log]\ntarget=journal\nlevel=info\nformat=json\nexec-arguments=false\n");
  guest_agent_configuration("[general]\nlogfile=/l\n");
  const Settings journal = settings({});
  EXPECT_EQ(journal.log.target, LogTarget::journal);
  EXPECT_EQ(journal.log.level, platform::LogLevel::info);
  EXPECT_EQ(journal.log.format, LogFormat::json);
  EXPECT_FALSE(journal.log.exec_arguments);
  EXPECT_EQ(settings({"-l", "/l"}).log.target, LogTarget::file);
  EXPECT_EQ(settings({"-v"}).log.level, platform::LogLevel::debug);
}

TEST_F(StartupTest, RequiresALogFileToLogToAFile) {
  configuration("[log]\ntarget=file\n");
  EXPECT_THAT(error_of({}), HasSubstr("no logfile"));
  EXPECT_EQ(settings({"-l", "/l"}).log.target, LogTarget::file);
}

TEST_F(StartupTest, ReadsLimitsFromTheFile) {
  EXPECT_EQ(settings({}).workers.limit, 64u);
  EXPECT_EQ(settings({}).freeze.hook_timeout, std::chrono::seconds(60));
  EXPECT_EQ(settings({}).freeze.timeout, std::chrono::minutes(10));
  EXPECT_EQ(settings({}).freeze.on_unreachable, OnUnreachable::by_reason);
  configuration("[workers]\nlimit=3\n[freeze]\nhook-timeout=4\nlimit=5\n");
  EXPECT_EQ(settings({}).workers.limit, 3u);
  EXPECT_EQ(settings({}).freeze.hook_timeout, std::chrono::seconds(4));
  EXPECT_EQ(settings({}).freeze.timeout, std::chrono::seconds(5));
}

TEST_F(StartupTest, FindsTheStateDirectoryBesideMistakes) {
  const std::string unknown = "--no-such-option";
  EXPECT_EQ(early_state_directory({unknown, "-t", "/a"}), "/a");
  EXPECT_EQ(early_state_directory({"--version", "-t", "/a"}), "none");
  guest_agent_configuration("mistake\n[general]\nstatedir=/b\n");
  EXPECT_EQ(early_state_directory({}), "/b");
  configuration("[general]\nunknown=1\nstatedir=/c\nmistake\n");
  EXPECT_EQ(early_state_directory({unknown}), "/c");
  EXPECT_EQ(early_state_directory({"-t", "/a", unknown}), "/a");
}

TEST_F(StartupTest, ReadsTheHookDirectoryFromTheFile) {
  EXPECT_EQ(settings({}).freeze.hook_directory, "/etc/bellhop/freeze.d");
  configuration("[freeze]\nhook-directory=hooks\n");
  EXPECT_EQ(settings({}).freeze.hook_directory, "hooks");
  EXPECT_EQ(settings({"-d"}).freeze.hook_directory, "/here/hooks");
  configuration("[freeze]\nhook-directory=\n");
  EXPECT_EQ(settings({"-d"}).freeze.hook_directory, "");
}

TEST_F(StartupTest, MakesPathsAbsoluteOnlyForADaemon) {
  const std::vector<std::string> relative = {"-munix-listen", "-ps", "-ll", "-fp", "-tt", "-Fh"};
  EXPECT_EQ(settings(relative).log_file, "l");
  std::vector<std::string> daemon = relative;
  daemon.push_back("-d");
  const Settings absolute = settings(daemon);
  EXPECT_EQ(absolute.channels.at(0).path, "/here/s");
  EXPECT_EQ(absolute.log_file, "/here/l");
  EXPECT_EQ(absolute.pid_file, "/here/p");
  EXPECT_EQ(absolute.state_dir, "/here/t");
  EXPECT_EQ(absolute.fsfreeze_hook, "/here/h");
  EXPECT_EQ(settings({"-d", "-mvsock-listen", "-p3:4"}).channels.at(0).path, "3:4");
  EXPECT_EQ(settings({"-d", "-t", "/abs"}).state_dir, "/abs");
  daemon.push_back("-D");
  EXPECT_THAT(output(daemon), HasSubstr("\nlogfile=l\n"));
}

TEST_F(StartupTest, PrintsTheVersionForItsName) {
  EXPECT_THAT(output({"-V"}), HasSubstr("bellhopd "));
  executable_ = "/usr/sbin/qemu-ga";
  EXPECT_EQ(output({"-V"}), "QEMU Guest Agent 11.1.3\n");
}

TEST_F(StartupTest, NamesEveryOptionInTheHelp) {
  const std::string help = output({"--help"});
  for (const char* option :
       {"-c, --config", "-m, --method", "-p, --path", "-l, --logfile", "-f, --pidfile",
        "-F, --fsfreeze-hook", "-t, --statedir", "-v, --verbose", "-V, --version",
        "-d, --daemonize", "-b, --block-rpcs", "-a, --allow-rpcs", "-D, --dump-conf",
        "-r, --retry-path", "-h, --help", "--schema", "--reload", "--bellhop-config"}) {
    EXPECT_THAT(help, HasSubstr(option));
  }
  EXPECT_THAT(help, HasSubstr(executable_));
}

TEST_F(StartupTest, ReturnsActionsThatNeedTheCommands) {
  EXPECT_EQ(startup({"-b", "help"})->action, Action::list_commands);
  EXPECT_EQ(startup({"--schema"})->action, Action::print_schema);
}

TEST_F(StartupTest, ReportsInvalidOptions) {
  EXPECT_EQ(error_of({"--bogus"}),
            "unrecognized option '--bogus'\nTry '/usr/sbin/bellhopd --help' for more information.");
}

TEST_F(StartupTest, RejectsMoreThanOneInheritedSocket) {
  environment_["LISTEN_PID"] = std::to_string(::getpid());
  environment_["LISTEN_FDS"] = "2";
  EXPECT_NE(error_of({}), "no error");
  environment_["LISTEN_PID"] = "1";
  EXPECT_EQ(error_of({}), "no error");
}

TEST_F(StartupTest, HasItsNameAsLogIdentifier) {
  EXPECT_EQ(startup({})->identifier, "bellhopd");
}

}  // namespace
}  // namespace bellhop::config
