// SPDX-License-Identifier: Apache-2.0
#include "cli_support.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <system_error>
#include <utility>

namespace bellhop::cli {
namespace {

void print_error(std::string_view message) {
  const std::string line = fmt::format("bellhop: {}\n", message);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

std::expected<TimedReply, client::Error> call_agent(const CliOptions& cli_options,
                                                    std::string_view command,
                                                    const nlohmann::json& arguments) {
  const auto endpoint = client::Endpoint::parse(cli_options.endpoint);
  if (!endpoint) return std::unexpected(endpoint.error());
  client::Options options;
  options.timeout = std::chrono::milliseconds(std::llround(cli_options.timeout_seconds * 1000));
  auto agent = client::Client::connect(*endpoint, options);
  if (!agent) return std::unexpected(agent.error());
  const auto begin = std::chrono::steady_clock::now();
  auto value = agent->call(command, arguments);
  if (!value) return std::unexpected(value.error());
  return TimedReply{*std::move(value), std::chrono::steady_clock::now() - begin};
}

std::string readable_duration(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  return seconds < 1 ? fmt::format("{:.3f} ms", seconds * 1000) : fmt::format("{:.3f} s", seconds);
}

ExitCode print(std::string_view text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return ok;
  print_error("cannot write to standard output: " + std::generic_category().message(errno));
  return output_failed;
}

ExitCode report(const client::Error& error) {
  print_error(error.message);
  switch (error.kind) {
    case client::ErrorKind::agent_error:
      return agent_error;
    case client::ErrorKind::invalid_argument:
      return usage;
    default:
      return no_reply;
  }
}

ExitCode report_usage(std::string_view message) {
  print_error(message);
  return usage;
}

}  // namespace bellhop::cli
