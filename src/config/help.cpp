// SPDX-License-Identifier: Apache-2.0
#include "config/help.h"

#include <fmt/format.h>

#include "base/version.h"
#include "platform/io/default_paths.h"

namespace bellhop::config {
namespace {

constexpr std::string_view help_format = R"(Usage: {0} [OPTION]...
Serves the host of this virtual machine as its guest agent, with qemu-ga's protocol and options.
Bellhop {1}, compatible with QEMU Guest Agent {2}.

Channel
  -m, --method=METHOD        virtio-serial (default), unix-listen, isa-serial or vsock-listen
  -p, --path=PATH            device or socket; CID:PORT for vsock-listen. Default for
                             virtio-serial: /dev/virtio-ports/org.qemu.guest_agent.0,
                             for isa-serial: /dev/ttyS0
  -r, --retry-path           wait for a device that is missing at the start; one that goes
                             away later is waited for in any case

Configuration
  -c, --config=FILE          qemu-ga's configuration, which must exist (default: $QGA_CONF, or
                             {3} if it exists)
      --bellhop-config=FILE  Bellhop's own configuration, which must exist (default:
                             {4} if it exists)
  -D, --dump-conf            print the configuration in qemu-ga's format, and end

Commands
  -b, --block-rpcs=NAMES     commands to refuse, separated by commas; help lists all commands
  -a, --allow-rpcs=NAMES     the only commands to serve, less those that are blocked
      --schema               print the schema of all commands as JSON, and end

Process, state and log
  -d, --daemonize            run in the background
  -f, --pidfile=FILE         where to note the process with -d (default: {5})
  -t, --statedir=DIRECTORY   where to keep state, an absolute path (default: {6})
      --reload[=PID]         upgrade the running agent in place to the installed program and
                             configuration, and wait for the result (default: the agent
                             with the pid file)
  -l, --logfile=FILE         log to a file instead of standard error
  -v, --verbose              log everything
  -F, --fsfreeze-hook[=FILE] program to run with freeze and thaw as its argument (default:
                             {7}); -F takes FILE without a space

  -V, --version              print the version, and end
  -h, --help                 print this text, and end

More: bellhopd(8), bellhop.conf(5)
)";

}  // namespace

std::string_view base_name(std::string_view program) {
  return program.substr(program.rfind('/') + 1);
}

std::string help_text(std::string_view program) {
  const platform::DefaultPaths& paths = platform::default_paths();
  return fmt::format(help_format, program, program_version, protocol_version,
                     paths.guest_agent_configuration, paths.configuration, paths.pid_file,
                     paths.state_directory, paths.freeze_hook);
}

std::string version_text(std::string_view program) {
  if (base_name(program) == "qemu-ga") {
    return fmt::format("QEMU Guest Agent {}\n", protocol_version);
  }
  return fmt::format("bellhopd {} (compatible with QEMU Guest Agent {})\n", program_version,
                     protocol_version);
}

}  // namespace bellhop::config
