// SPDX-License-Identifier: Apache-2.0
// bellhop: the command line for the host.
#include <CLI/CLI.hpp>
#include <charconv>
#include <string>
#include <system_error>

#include "commands.h"

namespace bellhop::cli {
namespace {

constexpr const char* description =
    "Sends commands to the guest agent (Bellhop, or any qemu-ga) of a virtual machine.";

constexpr const char* footer =
    "Exit status:\n"
    "  0  done\n"
    "  1  the agent answered with an error; its class and description are on standard error\n"
    "  2  the command line is wrong\n"
    "  3  the agent cannot be reached, did not answer in time, or sent an invalid reply\n"
    "  4  standard output cannot be written\n"
    "\n"
    "Examples:\n"
    "  bellhop --connect unix:/run/vm/agent.sock ping\n"
    "  bellhop --connect unix:/run/vm/agent.sock call guest-get-osinfo\n"
    "  bellhop --connect unix:/run/vm/agent.sock \\\n"
    "      call guest-file-open '{\"path\": \"/etc/hostname\"}'\n"
    "\n"
    "Manual: man bellhop.";

// A check in CLI11's form: the error message, empty for a valid timeout.
std::string check_timeout(const std::string& text) {
  double seconds = 0;
  constexpr double max_seconds = 1e9;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, seconds);
  const bool is_number = result.ec == std::errc() && result.ptr == end;
  if (is_number && seconds >= 0.001 && seconds <= max_seconds) return "";
  return "'" + text + "' is not a valid timeout (seconds, at least 0.001)";
}

void add_options(CLI::App& app, CliOptions& cli_options) {
  app.add_option("--connect", cli_options.endpoint,
                 "Address of the agent: unix:PATH, the socket of its channel")
      ->type_name("ENDPOINT")
      ->required();
  app.add_option("--timeout", cli_options.timeout_seconds,
                 "Timeout for connecting, and again for the reply; may have a fraction")
      ->type_name("SECONDS")
      ->check(check_timeout)
      ->capture_default_str();
  app.set_version_flag("--version", "bellhop " BELLHOP_VERSION, "Print the version and exit");
  app.require_subcommand(1);
  app.fallthrough();
}

CLI::App* add_call(CLI::App& app, CallOptions& call) {
  CLI::App* command = app.add_subcommand("call", "Run one command and print its reply as JSON");
  command->add_option("command", call.command, "Its name, such as guest-get-osinfo")
      ->type_name("COMMAND")
      ->required();
  command
      ->add_option("arguments", call.arguments,
                   "Its arguments, a JSON object; - reads them from standard input")
      ->type_name("JSON");
  command->add_flag("--compact", call.compact, "Print the reply on one line");
  command->add_flag("--time", call.time, "Print on standard error how long the reply took");
  return command;
}

int run(int argc, char** argv) {
  CLI::App app(description, "bellhop");
  CliOptions cli_options;
  CallOptions call_options;
  add_options(app, cli_options);
  const CLI::App* call_command = add_call(app, call_options);
  const CLI::App* ping_command =
      app.add_subcommand("ping", "Check whether the agent answers, and how fast");
  app.add_subcommand("info", "Print the agent's version and its commands");
  app.footer(footer);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (!app.get_subcommands().empty() || app.remaining_size() == 0) {
      return app.exit(error) == 0 ? ok : usage;
    }
    const std::string name = app.remaining().front();
    return report_usage("'" + name +
                        "' is neither call, ping nor info (a command of the agent is "
                        "run with: call " +
                        name + ")");
  }
  if (call_command->parsed()) return call(cli_options, call_options);
  return ping_command->parsed() ? ping(cli_options) : info(cli_options);
}

}  // namespace
}  // namespace bellhop::cli

int main(int argc, char** argv) {
  return bellhop::cli::run(argc, argv);
}
