#include "config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/temporary_directory.h"

namespace bellhop::config {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

class GuestAgentConfiguration : public testing::Test {
 protected:
  Result<std::optional<GeneralOptions>> read(const std::string& text) {
    return read_guest_agent_configuration(directory_.file("c", text), Presence::required);
  }
  std::string error_of(const std::string& text) {
    const auto options = read(text);
    return options ? "no error" : options.error().message;
  }
  TemporaryDirectory directory_;
};

TEST_F(GuestAgentConfiguration, ReadsAllKeys) {
  const auto read_options = read(
      "[general]\ndaemon=true\nmethod=m\npath=p\nlogfile=l\npidfile=f\nfsfreeze-hook=h\n"
      "statedir=s\nverbose=1\nretry-path=1\nblock-rpcs=a,b\nallow-rpcs=c,d\n");
  ASSERT_TRUE(read_options);
  const GeneralOptions& options = **read_options;
  EXPECT_EQ(options.daemonize, true);
  EXPECT_EQ(options.method, "m");
  EXPECT_EQ(options.path, "p");
  EXPECT_EQ(options.log_file, "l");
  EXPECT_EQ(options.pid_file, "f");
  EXPECT_EQ(options.fsfreeze_hook, "h");
  EXPECT_EQ(options.state_dir, "s");
  EXPECT_TRUE(options.verbose);
  EXPECT_EQ(options.retry_path, true);
  EXPECT_THAT(options.blocked, ElementsAre("b", "a"));
  EXPECT_THAT(options.allowed, ElementsAre("d", "c"));
}

TEST_F(GuestAgentConfiguration, AlsoReadsTheHistoricKeyBlacklist) {
  EXPECT_THAT((*read("[general]\nblacklist=a\nblock-rpcs=b\n"))->blocked, ElementsAre("b", "a"));
}

TEST_F(GuestAgentConfiguration, IgnoresUnknownGroupsAndKeys) {
  const auto options = read("[general]\nbogus=\\x\nmethod[de]=n\n[other]\nmethod=m\n");
  ASSERT_TRUE(options);
  EXPECT_FALSE((*options)->method);
}

TEST_F(GuestAgentConfiguration, ReportsErrorsAsQemuGaDoes) {
  const std::string begin = "error loading configuration from path: " + directory_.path("c") + ", ";
  EXPECT_EQ(error_of("x\n"), begin +
                                 "Key file contains line “x” which is not a key-value pair, group, "
                                 "or comment");
  EXPECT_EQ(
      error_of("[general]\nverbose=yes\n"),
      begin + "Key file contains key “verbose” which has a value that cannot be interpreted.");
}

TEST_F(GuestAgentConfiguration, MustExistOnlyWhenRequired) {
  const std::string path = directory_.path("missing");
  const auto optional = read_guest_agent_configuration(path, Presence::optional);
  ASSERT_TRUE(optional);
  EXPECT_FALSE(*optional);
  const auto required = read_guest_agent_configuration(path, Presence::required);
  ASSERT_FALSE(required);
  EXPECT_EQ(required.error().message,
            "error loading configuration from path: " + path + ", No such file or directory");
}

class BellhopConfiguration : public GuestAgentConfiguration {
 protected:
  Result<std::optional<Configuration>> read(const std::string& text) {
    return read_configuration(directory_.file("c", text), Presence::required);
  }
  // The error without the directory.
  std::string error_of(const std::string& text) {
    const auto configuration = read(text);
    if (configuration) return "no error";
    const std::string& message = configuration.error().message;
    return message.substr(message.rfind("/c:") + 1);
  }
};

TEST_F(BellhopConfiguration, ReadsAllGroups) {
  const auto read_configuration = read(
      "[general]\nverbose=true\n[channels]\nchannels=unix-listen:/s;vsock-listen:3:1234\n"
      "[log]\ntarget=journal\nformat=json\nlevel=warning\n[workers]\nlimit=8\n"
      "[freeze]\nhook-timeout=5\nhook-directory=/d\nlimit=0\n");
  ASSERT_TRUE(read_configuration) << read_configuration.error().message;
  const Configuration& configuration = **read_configuration;
  EXPECT_TRUE(configuration.general.verbose);
  EXPECT_THAT(configuration.channels, ElementsAre(ChannelSettings{"unix-listen", "/s"},
                                                  ChannelSettings{"vsock-listen", "3:1234"}));
  EXPECT_EQ(configuration.log_target, LogTarget::journal);
  EXPECT_EQ(configuration.log_format, LogFormat::json);
  EXPECT_EQ(configuration.log_level, platform::LogLevel::warning);
  EXPECT_EQ(configuration.workers_limit, 8u);
  EXPECT_EQ(configuration.hook_timeout, std::chrono::seconds(5));
  EXPECT_EQ(configuration.hook_directory, "/d");
  EXPECT_EQ(configuration.freeze_timeout, std::chrono::seconds(0));
}

TEST_F(BellhopConfiguration, SetsNothingWhenEmpty) {
  const auto configuration = read("");
  ASSERT_TRUE(configuration);
  EXPECT_TRUE((*configuration)->channels.empty());
  EXPECT_FALSE((*configuration)->log_target || (*configuration)->workers_limit);
}

TEST_F(BellhopConfiguration, NamesTheLineAndTheClosestKey) {
  EXPECT_EQ(error_of("\n[log]\ntarget=stderr\nformt=json\n"),
            "c:4: unknown key 'formt' in group [log]; did you mean 'format'?");
  EXPECT_EQ(error_of("[general]\nlogfiles=x\n"),
            "c:2: unknown key 'logfiles' in group [general]; did you mean 'logfile'?");
}

TEST_F(BellhopConfiguration, NamesTheLineAndTheClosestGroup) {
  EXPECT_EQ(error_of("[log]\n\n[worker]\n"),
            "c:3: unknown group [worker]; did you mean [workers]?");
}

TEST_F(BellhopConfiguration, RejectsInvalidValues) {
  EXPECT_EQ(error_of("[log]\ntarget=sylog\n"),
            "c:2: target cannot be 'sylog'; did you mean 'syslog'?");
  EXPECT_EQ(error_of("[log]\nlevel=warn\n"),
            "c:2: level cannot be 'warn'; did you mean 'warning'?");
  for (const std::string bad : {"0", "4097", "", "-1", "8x", "99999999999999999999"}) {
    EXPECT_EQ(error_of("[workers]\nlimit=" + bad + "\n"),
              "c:2: limit must be a number from 1 to 4096, not '" + bad + "'");
  }
  EXPECT_THAT(error_of("[freeze]\nhook-timeout=0\n"), EndsWith("not '0'"));
  EXPECT_THAT(error_of("[freeze]\nlimit=86401\n"),
              EndsWith("limit must be a number from 0 to 86400, not '86401'"));
}

TEST_F(BellhopConfiguration, RejectsInvalidChannels) {
  EXPECT_EQ(error_of("[channels]\nchannels=pipe:/x\n"),
            "c:2: unsupported channel method/type: pipe");
  EXPECT_EQ(error_of("[channels]\nchannels=unix-listen\n"),
            "c:2: channel 'unix-listen' has no path");
  EXPECT_EQ(error_of("[channels]\nchannels=\n"), "c:2: channels names no channel");
}

TEST_F(BellhopConfiguration, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(error_of("[log]\n\nx\n"), testing::StartsWith("c:3: Key file contains line “x”"));
}

TEST_F(BellhopConfiguration, UsesTheLastOfEqualKeys) {
  const auto configuration =
      read("[general]\nblock-rpcs=a\nblock-rpcs=b\n[log]\nlevel=info\nlevel=debug\n");
  ASSERT_TRUE(configuration);
  EXPECT_THAT((*configuration)->general.blocked, ElementsAre("b"));
  EXPECT_EQ((*configuration)->log_level, platform::LogLevel::debug);
  EXPECT_EQ(error_of("[workers]\nlimit=x\nlimit=1\n"),
            "c:2: limit must be a number from 1 to 4096, not 'x'");
}

TEST_F(BellhopConfiguration, MustExistOnlyWhenRequired) {
  const std::string path = directory_.path("missing");
  const auto optional = read_configuration(path, Presence::optional);
  ASSERT_TRUE(optional);
  EXPECT_FALSE(*optional);
  EXPECT_FALSE(read_configuration(path, Presence::required));
}

}  // namespace
}  // namespace bellhop::config
