// What the subcommands of bellhop share: the cli_options, and talking to the agent.
#pragma once

#include <chrono>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bellhop/client.h"

namespace bellhop::cli {

// The program's exit status; documented in --help and bellhop(1).
enum ExitCode {
  ok = 0,
  agent_said_no = 1,  // the agent answered with an error
  usage = 2,          // the command line is wrong
  no_answer = 3,      // not reachable, no reply in time, or something that is no reply
  output_failed = 4,  // there is a reply, but it could not be written
};

// From the command line, the same for all subcommands.
struct CliOptions {
  std::string endpoint;
  double timeout_seconds = 5;
};

// A reply and how long it took from sending the request.
struct TimedReply {
  nlohmann::json value;
  std::chrono::nanoseconds duration;
};

// Connects and calls one command.
std::expected<TimedReply, client::Error> call_agent(const CliOptions& cli_options,
                                                    std::string_view command,
                                                    const nlohmann::json& arguments = nullptr);

// "0.213 ms", "1.500 s"
std::string readable_duration(std::chrono::nanoseconds duration);

// Writes `text` to standard output; ok or output_failed, which it reports.
ExitCode print(std::string_view text);
// Says on standard error what went wrong; returns the exit status that stands for it.
ExitCode report(const client::Error& error);
ExitCode report_usage(std::string_view message);

}  // namespace bellhop::cli
