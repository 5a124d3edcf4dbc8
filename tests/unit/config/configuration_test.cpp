// SPDX-License-Identifier: Apache-2.0
#include "config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "unit/temporary_directory.h"

namespace bellhop::config {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;

ChannelSettings channel(std::string_view method, std::string path) {
  return {platform::find_channel_kind(method), std::move(path)};
}

class GuestAgentConfiguration : public testing::Test {
 protected:
  Result<Settings> read(const std::string& text) {
    Settings settings;
    TRY(read_guest_agent_configuration(directory_.file("c", text), Presence::required, settings));
    return settings;
  }
  // The error for the file at `path`, without the beginning that all errors have.
  std::string error_at(const std::string& path) {
    Settings settings;
    const auto read = read_guest_agent_configuration(path, Presence::required, settings);
    if (read) return "no error";
    const std::string begin = "error loading configuration from path: " + path + ", ";
    EXPECT_THAT(read.error().message, StartsWith(begin));
    return read.error().message.substr(begin.size());
  }
  std::string error_of(const std::string& text) { return error_at(directory_.file("c", text)); }

  TemporaryDirectory directory_;
};

TEST_F(GuestAgentConfiguration, ReadsAllKeys) {
  const auto settings = read(
      "[general]\ndaemon=true\nmethod=m\npath=p\nlogfile=l\npidfile=f\nfsfreeze-hook=h\n"
      "statedir=s\nverbose=1\nretry-path=1\nblock-rpcs=a,b\nallow-rpcs=c,d\n");
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->daemonize);
  EXPECT_EQ(settings->method, "m");
  EXPECT_EQ(settings->path, "p");
  EXPECT_EQ(settings->log_file, "l");
  EXPECT_EQ(settings->log.target, LogTarget::file);
  EXPECT_EQ(settings->pid_file, "f");
  EXPECT_EQ(settings->fsfreeze_hook, "h");
  EXPECT_EQ(settings->state_dir, "s");
  EXPECT_TRUE(settings->verbose);
  EXPECT_TRUE(settings->retry_path);
  EXPECT_THAT(settings->blocked_commands, ElementsAre("b", "a"));
  EXPECT_THAT(settings->allowed_commands, ElementsAre("d", "c"));
  EXPECT_EQ(settings->guest_agent_configuration_file, directory_.path("c"));
}

TEST_F(GuestAgentConfiguration, AlsoReadsTheHistoricKeyBlacklist) {
  EXPECT_THAT(read("[general]\nblacklist=a\nblock-rpcs=b\n")->blocked_commands,
              ElementsAre("b", "a"));
}

TEST_F(GuestAgentConfiguration, IgnoresUnknownGroupsAndKeys) {
  const auto settings =
      read("[general]\nbogus=\\x\nmethod[de]=n\n[other]\nmethod=m\n[workers]\nlimit=x\n");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->method, "virtio-serial");
}

TEST_F(GuestAgentConfiguration, KeepsEmptyNamesExceptForAnEmptyList) {
  EXPECT_THAT(read("[general]\nblock-rpcs=\n")->blocked_commands, IsEmpty());
  EXPECT_THAT(read("[general]\nblock-rpcs=,\n")->blocked_commands, ElementsAre("", ""));
  EXPECT_THAT(read("[general]\nblock-rpcs=a, b \n")->blocked_commands, ElementsAre(" b ", "a"));
}

TEST_F(GuestAgentConfiguration, ReportsErrorsAsQemuGaDoes) {
  EXPECT_EQ(error_of("x\n"),
            "Key file contains line “x” which is not a key-value pair, group, or comment");
  EXPECT_EQ(error_of("[general]\nverbose=yes\n"),
            "Key file contains key “verbose” which has a value that cannot be interpreted.");
}

TEST_F(GuestAgentConfiguration, IsARegularFile) {
  EXPECT_EQ(error_at(directory_.path("missing")), "No such file or directory");
  EXPECT_EQ(error_at(directory_.path()), "Not a regular file");
  EXPECT_EQ(error_at(directory_.file("file", "") + "/x"), "Not a directory");
}

TEST_F(GuestAgentConfiguration, MayHaveAnySize) {
  const auto settings = read(std::string(100'000, '#') + "\n[general]\nverbose=1\n");
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->verbose);
}

TEST_F(GuestAgentConfiguration, MayBeMissingWhenOptional) {
  Settings settings;
  EXPECT_TRUE(
      read_guest_agent_configuration(directory_.path("missing"), Presence::optional, settings));
  EXPECT_FALSE(settings.guest_agent_configuration_file);
  const std::string below_file = directory_.file("file", "") + "/x";
  EXPECT_FALSE(read_guest_agent_configuration(below_file, Presence::optional, settings));
}

class BellhopConfiguration : public GuestAgentConfiguration {
 protected:
  Result<Settings> read(const std::string& text, Settings settings = {}) {
    TRY(read_configuration(directory_.file("c", text), Presence::required, settings));
    return settings;
  }
  // The error without the directory.
  std::string error_of(const std::string& text) {
    const auto settings = read(text);
    if (settings) return "no error";
    const std::string& message = settings.error().message;
    return message.substr(message.rfind("/c:") + 1);
  }
};

TEST_F(BellhopConfiguration, ReadsAllGroups) {
  const auto settings = read(
      "[general]\nverbose=true\n[channels]\nchannels=unix-listen:/s;vsock-listen:3:1234\n"
      "[log]\ntarget=journal\nformat=json\nlevel=warning\nexec-arguments=false\n"
      "[workers]\nlimit=8\n"
      "[freeze]\nhook-timeout=5\nhook-directory=/d\nlimit=0\n"
      "skip-types = vfat, ext[23]\nskip-mountpoints=/mnt/a\\,b*,,*\\sc\nskip-devices=/dev/sd?,\n"
      "on-unreachable=fail\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_TRUE(settings->verbose);
  EXPECT_THAT(settings->channels,
              ElementsAre(channel("unix-listen", "/s"), channel("vsock-listen", "3:1234")));
  EXPECT_EQ(settings->log.target, LogTarget::journal);
  EXPECT_EQ(settings->log.format, LogFormat::json);
  EXPECT_EQ(settings->log.level, platform::LogLevel::warning);
  EXPECT_FALSE(settings->log.exec_arguments);
  EXPECT_EQ(settings->workers.limit, 8u);
  EXPECT_EQ(settings->freeze.hook_timeout, std::chrono::seconds(5));
  EXPECT_THAT(settings->freeze.skip_types, ElementsAre("vfat", "ext[23]"));
  EXPECT_THAT(settings->freeze.skip_mountpoints, ElementsAre("/mnt/a,b*", "* c"));
  EXPECT_THAT(settings->freeze.skip_devices, ElementsAre("/dev/sd?"));
  EXPECT_EQ(settings->freeze.on_unreachable, OnUnreachable::fail);
  EXPECT_EQ(settings->freeze.hook_directory, "/d");
  EXPECT_EQ(settings->freeze.timeout, std::chrono::seconds(0));
  EXPECT_EQ(settings->configuration_file, directory_.path("c"));
}

TEST_F(BellhopConfiguration, KeepsSettingsThatItDoesNotContain) {
  const auto settings = read("[general]\nverbose=false\nblock-rpcs=b\ndaemon=false\n",
                             {.method = "m",
                              .channels = {channel("unix-listen", "/s")},
                              .daemonize = true,
                              .verbose = true,
                              .blocked_commands = {"a"}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->method, "m");
  EXPECT_EQ(settings->channels.size(), 1u);
  EXPECT_FALSE(settings->daemonize);
  EXPECT_TRUE(settings->verbose) << "no file resets it";
  EXPECT_THAT(settings->blocked_commands, ElementsAre("a", "b"));
}

TEST_F(BellhopConfiguration, PrefersTheTargetToTheLogFileInAnyOrder) {
  const std::string log = "[log]\ntarget=journal\n";
  const std::string general = "[general]\nlogfile=/l\n";
  EXPECT_EQ(read(log + general)->log.target, LogTarget::journal);
  EXPECT_EQ(read(general + log)->log.target, LogTarget::journal);
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

TEST_F(BellhopConfiguration, RejectsPatternsThatMatchNoPath) {
  EXPECT_EQ(error_of("[freeze]\nskip-devices=/dev/sda, sdb*\n"),
            "c:2: skip-devices: 'sdb*' matches no path; paths begin with '/'");
  EXPECT_EQ(error_of("[freeze]\nskip-mountpoints=mnt\n"),
            "c:2: skip-mountpoints: 'mnt' matches no path; paths begin with '/'");
  EXPECT_EQ(error_of("[freeze]\non-unreachable=ignore\n"),
            "c:2: on-unreachable cannot be 'ignore'; did you mean 'skip'?");
}

TEST_F(BellhopConfiguration, RejectsInvalidChannels) {
  EXPECT_EQ(error_of("[channels]\nchannels=pipe:/x\n"),
            "c:2: unsupported channel method/type: pipe");
  EXPECT_EQ(error_of("[channels]\nchannels=unix-listen\n"),
            "c:2: channel 'unix-listen' has no path");
  EXPECT_EQ(error_of("[channels]\nchannels=\n"), "c:2: channels names no channel");
}

TEST_F(BellhopConfiguration, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(error_of("[log]\n\nx\n"), StartsWith("c:3: Key file contains line “x”"));
}

TEST_F(BellhopConfiguration, UsesTheLastOfEqualKeys) {
  const auto settings =
      read("[general]\nblock-rpcs=a\nblock-rpcs=b\n[log]\nlevel=info\nlevel=debug\n");
  ASSERT_TRUE(settings);
  EXPECT_THAT(settings->blocked_commands, ElementsAre("b"));
  EXPECT_EQ(settings->log.level, platform::LogLevel::debug);
  EXPECT_EQ(error_of("[workers]\nlimit=x\nlimit=1\n"),
            "c:2: limit must be a number from 1 to 4096, not 'x'");
}

TEST_F(BellhopConfiguration, IsRefusedIfOthersCanChangeIt) {
  const std::string path = directory_.file("c", "");
  std::filesystem::permissions(path, std::filesystem::perms(0646));
  Settings settings;
  const auto result = read_configuration(path, Presence::required, settings);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, StartsWith("cannot read configuration '" + path + "': '" +
                                                 path + "' has the owner "));
  EXPECT_THAT(result.error().message, EndsWith("correct it with `chmod go-w '" + path + "'`"));
  EXPECT_TRUE(read_guest_agent_configuration(path, Presence::required, settings)) << "as qemu-ga";
}

TEST_F(BellhopConfiguration, MustExistOnlyWhenRequired) {
  const std::string path = directory_.path("missing");
  Settings settings;
  EXPECT_TRUE(read_configuration(path, Presence::optional, settings));
  EXPECT_FALSE(settings.configuration_file);
  const auto required = read_configuration(path, Presence::required, settings);
  ASSERT_FALSE(required);
  EXPECT_EQ(required.error().message,
            "cannot read configuration '" + path + "': No such file or directory");
}

TEST(DumpConfiguration, PrintsTheDefaultsAsQemuGaDoes) {
  EXPECT_EQ(dump_configuration({.path = "/dev/virtio-ports/org.qemu.guest_agent.0"}),
            "[general]\n"
            "daemon=false\n"
            "method=virtio-serial\n"
            "path=/dev/virtio-ports/org.qemu.guest_agent.0\n"
            "pidfile=/var/run/qemu-ga.pid\n"
            "statedir=/var/run\n"
            "verbose=false\n"
            "retry-path=false\n"
            "block-rpcs=\n"
            "allow-rpcs=\n");
}

TEST(DumpConfiguration, PrintsEveryKeyThatIsSet) {
  const Settings settings{.method = "unix-listen",
                          .path = "/s",
                          .retry_path = true,
                          .daemonize = true,
                          .verbose = true,
                          .log_file = " /l\\",
                          .pid_file = "/p",
                          .fsfreeze_hook = "/h",
                          .state_dir = "/d",
                          .blocked_commands = {"b", "a"},
                          .allowed_commands = {"c", "d"}};
  EXPECT_EQ(dump_configuration(settings),
            "[general]\n"
            "daemon=true\n"
            "method=unix-listen\n"
            "path=/s\n"
            "logfile=\\s/l\\\\\n"
            "pidfile=/p\n"
            "fsfreeze-hook=/h\n"
            "statedir=/d\n"
            "verbose=true\n"
            "retry-path=true\n"
            "block-rpcs=b,a\n"
            "allow-rpcs=c,d\n");
}

TEST(DumpConfiguration, OmitsThePathOfAnInheritedSocket) {
  EXPECT_EQ(dump_configuration({.method = "unix-listen"}).find("path=/dev"), std::string::npos);
  EXPECT_EQ(dump_configuration({.method = "unix-listen"}).find("\npath="), std::string::npos);
}

}  // namespace
}  // namespace bellhop::config
