// SPDX-License-Identifier: Apache-2.0
// Shared by the subcommands of bellhop: common options, calling the agent, output and exit status.
#pragma once

#include <chrono>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bellhop/client.h"

namespace bellhop::cli {

// Exit status of the program; documented in --help and bellhop(1).
enum ExitCode {
  ok = 0,
  agent_error = 1,    // the agent answered with an error
  usage = 2,          // the command line is wrong
  no_reply = 3,       // agent unreachable, no reply in time, or an invalid reply
  output_failed = 4,  // the reply could not be written to standard output
};

// The options that all subcommands have.
struct CliOptions {
  std::string endpoint;
  double timeout_seconds = 5;
};

struct TimedReply {
  nlohmann::json value;
  std::chrono::nanoseconds duration;  // from sending the request to the complete reply
};

// Connects and calls one command.
std::expected<TimedReply, client::Error> call_agent(const CliOptions& cli_options,
                                                    std::string_view command,
                                                    const nlohmann::json& arguments = nullptr);

// "0.213 ms", "1.500 s"
std::string readable_duration(std::chrono::nanoseconds duration);

// Writes `text` to standard output. Reports a failure and returns output_failed for it.
ExitCode print(std::string_view text);
// Prints the error on standard error and returns its exit status.
ExitCode report(const client::Error& error);
ExitCode report_usage(std::string_view message);

}  // namespace bellhop::cli
