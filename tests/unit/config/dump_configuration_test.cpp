#include "config/dump_configuration.h"

#include <gtest/gtest.h>

namespace bellhop::config {
namespace {

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
                          .allowed_commands = {{"c", "d"}}};
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
