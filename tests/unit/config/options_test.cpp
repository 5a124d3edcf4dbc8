// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/help.h"

namespace bellhop::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CommandLine parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bellhopd");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return parse_command_line(static_cast<int>(arguments.size()), argv.data());
}

// The settings with these options alone.
Settings settings_of(std::vector<std::string> arguments) {
  const CommandLine line = parse(std::move(arguments));
  EXPECT_EQ(line.action, Action::run);
  EXPECT_EQ(line.problem, "");
  Settings settings;
  EXPECT_TRUE(apply_options(line, settings));
  return settings;
}

TEST(CommandLine, SetsNothingWithoutArguments) {
  const CommandLine line = parse({});
  EXPECT_EQ(line.program, "bellhopd");
  EXPECT_EQ(line.action, Action::run);
  EXPECT_THAT(line.settings, IsEmpty());
  EXPECT_FALSE(line.has('m'));
}

TEST(CommandLine, ParsesShortAndLongOptions) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"-mM", "-p", "P", "-lL", "-fF", "-F/h", "-tT", "-v", "-d", "-r", "-cC"},
           {"--method=M", "--path", "P", "--logfile=L", "--pidfile=F", "--fsfreeze-hook=/h",
            "--statedir=T", "--verbose", "--daemonize", "--retry-path", "--config=C"}}) {
    const Settings settings = settings_of(arguments);
    EXPECT_EQ(settings.method, "M");
    EXPECT_EQ(settings.path, "P");
    EXPECT_EQ(settings.log_file, "L");
    EXPECT_EQ(settings.pid_file, "F");
    EXPECT_EQ(settings.fsfreeze_hook, "/h");
    EXPECT_EQ(settings.state_dir, "T");
    EXPECT_TRUE(settings.verbose);
    EXPECT_EQ(settings.daemonize, true);
    EXPECT_EQ(settings.retry_path, true);
    EXPECT_EQ(parse(arguments).guest_agent_configuration, "C");
    EXPECT_TRUE(parse(arguments).has('m'));
  }
}

TEST(CommandLine, ParsesCombinedAndAbbreviatedOptions) {
  const Settings settings = settings_of({"-dvF/x", "--me=a", "--da", "--verb", "--st", "s"});
  EXPECT_TRUE(settings.verbose);
  EXPECT_EQ(settings.fsfreeze_hook, "/x");
  EXPECT_EQ(settings.method, "a");
  EXPECT_EQ(settings.state_dir, "s");
}

TEST(CommandLine, ParsesTheHookOnlyWithoutASpace) {
  const std::string default_hook = "/etc/qemu/fsfreeze-hook";
  EXPECT_EQ(settings_of({"-F", "/x"}).fsfreeze_hook, default_hook);
  EXPECT_EQ(settings_of({"--fsfreeze-hook", "/x"}).fsfreeze_hook, default_hook);
  EXPECT_EQ(settings_of({"-F/x"}).fsfreeze_hook, "/x");
  EXPECT_EQ(settings_of({"-F=/x"}).fsfreeze_hook, "=/x");
  EXPECT_EQ(settings_of({"--fsfreeze-hook="}).fsfreeze_hook, "");
}

TEST(CommandLine, IgnoresOtherArguments) {
  const Settings settings = settings_of({"stray", "-v", "", "-", "stray", "--", "-d", "--bogus"});
  EXPECT_TRUE(settings.verbose);
  EXPECT_FALSE(settings.daemonize);
}

TEST(CommandLine, IgnoresTheServiceOptionOfWindows) {
  EXPECT_EQ(parse({"-s", "install"}).action, Action::run);
  EXPECT_NE(parse({"--service=install"}).problem, "");
}

TEST(CommandLine, ConcatenatesListsInTheOrderOfQemuGa) {
  const Settings settings = settings_of({"-b", "a,b,c", "--block-rpcs=d,e", "-a", "f,"});
  EXPECT_THAT(settings.blocked_commands, ElementsAre("c", "b", "a", "e", "d"));
  EXPECT_THAT(settings.allowed_commands, ElementsAre("", "f"));
}

TEST(CommandLine, ParsesHistoricNames) {
  EXPECT_THAT(settings_of({"--blacklist=a"}).blocked_commands, ElementsAre("a"));
  EXPECT_THAT(settings_of({"--bl", "a"}).blocked_commands, ElementsAre("a"));
  EXPECT_THAT(settings_of({"--b=a"}).blocked_commands, ElementsAre("a"));
}

TEST(CommandLine, ListsCommandsForHelpInPlaceOfAList) {
  for (const char* word : {"help", "?"}) {
    EXPECT_EQ(parse({"-b", word}).action, Action::list_commands);
    EXPECT_EQ(parse({"-a", word}).action, Action::list_commands);
  }
  EXPECT_EQ(parse({"-b", "help,x"}).action, Action::run);
}

TEST(CommandLine, PerformsTheFirstAction) {
  EXPECT_EQ(parse({"-V", "-h", "-x"}).action, Action::print);
  EXPECT_EQ(parse({"-V", "-h", "-x"}).output, version_text("bellhopd"));
  EXPECT_EQ(parse({"-h", "-V"}).output, help_text("bellhopd"));
  EXPECT_EQ(parse({"-D", "-b", "help", "-V"}).action, Action::list_commands);
  EXPECT_NE(parse({"-x", "-V"}).problem, "");
  EXPECT_NE(parse({"-xV"}).problem, "");
  EXPECT_EQ(parse({"-Vx"}).problem, "");
  EXPECT_TRUE(parse({"-D"}).dump_configuration);
}

TEST(CommandLine, ReadsConfigurationFilesAfterAnAction) {
  EXPECT_EQ(parse({"-V", "-c", "first", "-c", "last"}).guest_agent_configuration, "last");
  EXPECT_EQ(parse({"-h", "--bellhop-config", "own"}).configuration, "own");
}

TEST(CommandLine, ReportsErrorsAsGetoptDoes) {
  EXPECT_EQ(parse({"-x"}).problem, "invalid option -- 'x'");
  EXPECT_EQ(parse({"-vx"}).problem, "invalid option -- 'x'");
  EXPECT_EQ(parse({"-m"}).problem, "option requires an argument -- 'm'");
  EXPECT_EQ(parse({"--bogus=1"}).problem, "unrecognized option '--bogus=1'");
  EXPECT_EQ(parse({"--bl"}).problem, "option '--block-rpcs' requires an argument");
  EXPECT_EQ(parse({"--verbose=1"}).problem, "option '--verbose' doesn't allow an argument");
  EXPECT_EQ(parse({"--ver"}).problem,
            "option '--ver' is ambiguous; possibilities: '--version' '--verbose'");
}

TEST(CommandLine, DoesNotAbbreviateBellhopsOwnOptions) {
  EXPECT_EQ(parse({"--schema"}).action, Action::print_schema);
  EXPECT_EQ(parse({"--bellhop-config=own"}).configuration, "own");
  EXPECT_NE(parse({"--schem"}).problem, "");
  EXPECT_EQ(settings_of({"--s=x"}).state_dir, "x");
  EXPECT_THAT(parse({"--schema=x"}).problem, HasSubstr("doesn't allow"));
  EXPECT_THAT(parse({"--bellhop-config"}).problem, HasSubstr("--bellhop-config' requires"));
}

TEST(CommandLine, OverridesSettingsAndAppendsToLists) {
  Settings settings{.path = "p", .pid_file = "f", .blocked_commands = {"a"}};
  EXPECT_TRUE(apply_options(parse({"-p", "q", "-b", "b"}), settings));
  EXPECT_EQ(settings.path, "q");
  EXPECT_EQ(settings.pid_file, "f");
  EXPECT_THAT(settings.blocked_commands, ElementsAre("a", "b"));
}

TEST(CommandLine, HasValuesWithoutEscapes) {
  EXPECT_EQ(settings_of({"-p", "\\s\xff"}).path, "\\s\xff");
}

TEST(CommandLine, AcceptsAValueThatLooksLikeAnOption) {
  const Settings settings = settings_of({"-p", "--schema", "-l", "-V"});
  EXPECT_EQ(settings.path, "--schema");
  EXPECT_EQ(settings.log_file, "-V");
}

}  // namespace
}  // namespace bellhop::config
