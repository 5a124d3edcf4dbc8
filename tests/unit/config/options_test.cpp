#include "config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(CommandLine, SetsNothingWithoutArguments) {
  const CommandLine line = parse({});
  EXPECT_EQ(line.program, "bellhopd");
  EXPECT_EQ(line.action, CliAction::nothing);
  EXPECT_FALSE(line.general.method || line.general.daemonize || line.general.verbose);
}

TEST(CommandLine, ParsesShortAndLongOptions) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"-mM", "-p", "P", "-lL", "-fF", "-F/h", "-tT", "-v", "-d", "-r", "-cC"},
           {"--method=M", "--path", "P", "--logfile=L", "--pidfile=F", "--fsfreeze-hook=/h",
            "--statedir=T", "--verbose", "--daemonize", "--retry-path", "--config=C"}}) {
    const CommandLine line = parse(arguments);
    EXPECT_EQ(line.action, CliAction::nothing);
    EXPECT_EQ(line.general.method, "M");
    EXPECT_EQ(line.general.path, "P");
    EXPECT_EQ(line.general.log_file, "L");
    EXPECT_EQ(line.general.pid_file, "F");
    EXPECT_EQ(line.general.fsfreeze_hook, "/h");
    EXPECT_EQ(line.general.state_dir, "T");
    EXPECT_TRUE(line.general.verbose);
    EXPECT_EQ(line.general.daemonize, true);
    EXPECT_EQ(line.general.retry_path, true);
    EXPECT_EQ(line.guest_agent_configuration, "C");
  }
}

TEST(CommandLine, ParsesCombinedAndAbbreviatedOptions) {
  const CommandLine line = parse({"-dvF/x", "--me=a", "--da", "--verb", "--st", "s"});
  EXPECT_EQ(line.action, CliAction::nothing);
  EXPECT_TRUE(line.general.verbose);
  EXPECT_EQ(line.general.fsfreeze_hook, "/x");
  EXPECT_EQ(line.general.method, "a");
  EXPECT_EQ(line.general.state_dir, "s");
}

TEST(CommandLine, ParsesTheHookOnlyWithoutASpace) {
  const std::string default_hook = "/etc/qemu/fsfreeze-hook";
  EXPECT_EQ(parse({"-F", "/x"}).general.fsfreeze_hook, default_hook);
  EXPECT_EQ(parse({"--fsfreeze-hook", "/x"}).general.fsfreeze_hook, default_hook);
  EXPECT_EQ(parse({"-F/x"}).general.fsfreeze_hook, "/x");
  EXPECT_EQ(parse({"-F=/x"}).general.fsfreeze_hook, "=/x");
  EXPECT_EQ(parse({"--fsfreeze-hook="}).general.fsfreeze_hook, "");
}

TEST(CommandLine, IgnoresOtherArguments) {
  const CommandLine line = parse({"stray", "-v", "", "-", "stray", "--", "-d", "--bogus"});
  EXPECT_EQ(line.action, CliAction::nothing);
  EXPECT_TRUE(line.general.verbose);
  EXPECT_FALSE(line.general.daemonize);
}

TEST(CommandLine, IgnoresTheServiceOptionOfWindows) {
  EXPECT_EQ(parse({"-s", "install"}).action, CliAction::nothing);
  EXPECT_EQ(parse({"--service=install"}).action, CliAction::refuse);
}

TEST(CommandLine, ConcatenatesListsInTheOrderOfQemuGa) {
  const CommandLine line = parse({"-b", "a,b,c", "--block-rpcs=d,e", "-a", "f,"});
  EXPECT_THAT(line.general.blocked, ElementsAre("c", "b", "a", "e", "d"));
  EXPECT_THAT(line.general.allowed, ElementsAre("", "f"));
}

TEST(CommandLine, ParsesHistoricNames) {
  EXPECT_THAT(parse({"--blacklist=a"}).general.blocked, ElementsAre("a"));
  EXPECT_THAT(parse({"--bl", "a"}).general.blocked, ElementsAre("a"));
  EXPECT_THAT(parse({"--b=a"}).general.blocked, ElementsAre("a"));
}

TEST(CommandLine, ListsCommandsForHelpInPlaceOfAList) {
  for (const char* word : {"help", "?"}) {
    EXPECT_EQ(parse({"-b", word}).action, CliAction::list_commands);
    EXPECT_EQ(parse({"-a", word}).action, CliAction::list_commands);
  }
  EXPECT_EQ(parse({"-b", "help,x"}).action, CliAction::nothing);
}

TEST(CommandLine, PerformsTheFirstAction) {
  EXPECT_EQ(parse({"-V", "-h", "-x"}).action, CliAction::version);
  EXPECT_EQ(parse({"-h", "-V"}).action, CliAction::help);
  EXPECT_EQ(parse({"-D", "-b", "help", "-V"}).action, CliAction::list_commands);
  EXPECT_EQ(parse({"-x", "-V"}).action, CliAction::refuse);
  EXPECT_EQ(parse({"-xV"}).action, CliAction::refuse);
  EXPECT_EQ(parse({"-Vx"}).action, CliAction::version);
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
  EXPECT_EQ(parse({"--schema"}).action, CliAction::schema);
  EXPECT_EQ(parse({"--bellhop-config=own"}).configuration, "own");
  EXPECT_EQ(parse({"--schem"}).action, CliAction::refuse);
  EXPECT_EQ(parse({"--s=x"}).general.state_dir, "x");
  EXPECT_THAT(parse({"--schema=x"}).problem, HasSubstr("doesn't allow"));
  EXPECT_THAT(parse({"--bellhop-config"}).problem, HasSubstr("--bellhop-config' requires"));
}

TEST(CommandLine, AcceptsAValueThatLooksLikeAnOption) {
  const CommandLine line = parse({"-p", "--schema", "-l", "-V"});
  EXPECT_EQ(line.action, CliAction::nothing);
  EXPECT_EQ(line.general.path, "--schema");
  EXPECT_EQ(line.general.log_file, "-V");
}

TEST(GeneralOptions, MergeOverridesTheBase) {
  GeneralOptions base{
      .daemonize = true, .method = "m", .path = "p", .verbose = true, .blocked = {"a"}};
  merge(base, {.daemonize = false, .path = "q", .blocked = {"b"}, .allowed = {"c"}});
  EXPECT_EQ(base.daemonize, false);
  EXPECT_EQ(base.method, "m");
  EXPECT_EQ(base.path, "q");
  EXPECT_TRUE(base.verbose);
  EXPECT_THAT(base.blocked, ElementsAre("a", "b"));
  EXPECT_THAT(base.allowed, ElementsAre("c"));
}

TEST(SplitNames, KeepsEmptyNamesExceptForAnEmptyList) {
  EXPECT_THAT(split_names(""), IsEmpty());
  EXPECT_THAT(split_names(","), ElementsAre("", ""));
  EXPECT_THAT(split_names(" a, b "), ElementsAre(" b ", " a"));
}

}  // namespace
}  // namespace bellhop::config
