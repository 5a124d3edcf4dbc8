// SPDX-License-Identifier: Apache-2.0
// bellhop call: runs one command and prints its reply as JSON.
#include <fmt/format.h>

#include <cstdio>
#include <expected>
#include <nlohmann/json.hpp>
#include <utility>

#include "commands.h"
#include "printable.h"

namespace bellhop::cli {
namespace {

using nlohmann::json;

std::expected<std::string, std::string> read_standard_input() {
  std::string text;
  std::string piece(std::size_t{64} * 1024, '\0');
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), stdin)) {
    text.append(piece, 0, count);
  }
  if (std::ferror(stdin) != 0) return std::unexpected("cannot read standard input");
  return text;
}

std::expected<json, std::string> parse_arguments(const std::optional<std::string>& text) {
  if (!text) return {};
  auto source = *text == "-" ? read_standard_input() : *text;
  if (!source) return std::unexpected(source.error());
  try {
    std::expected<json, std::string> arguments(std::in_place, json::parse(*source));
    if (arguments->is_object()) return arguments;
    return std::unexpected(
        "the arguments of a command must be a JSON object, such as "
        "'{\"path\": \"/etc/hostname\"}'");
  } catch (const json::exception& error) {
    std::string_view reason = error.what();
    if (const auto prefix = reason.find("] "); prefix != reason.npos)
      reason.remove_prefix(prefix + 2);
    return std::unexpected(
        fmt::format("the arguments are not JSON: {}", client::printable(reason)));
  }
}

}  // namespace

ExitCode call(const CliOptions& cli_options, const CallOptions& call) {
  const auto arguments = parse_arguments(call.arguments);
  if (!arguments) return report_usage(arguments.error());
  const auto reply = call_agent(cli_options, call.command, *arguments);
  if (!reply) return report(reply.error());
  if (call.time) fmt::print(stderr, "{}\n", readable_duration(reply->duration));
  const std::string text = reply->value.dump(call.compact ? -1 : 2) + '\n';
  return print(client::printable(text, true));
}

}  // namespace bellhop::cli
