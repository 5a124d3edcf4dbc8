// SPDX-License-Identifier: Apache-2.0
// bellhop info: prints the reply to guest-info as a table.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "printable.h"

namespace bellhop::cli {
namespace {

using nlohmann::json;

struct Row {
  std::string name;
  std::string state;
  bool enabled;
};

// nullopt if the entry does not have the members that the protocol requires.
std::optional<Row> read_row(const json& entry) {
  if (!entry.is_object()) return std::nullopt;
  const auto name = entry.find("name");
  const auto enabled = entry.find("enabled");
  if (name == entry.end() || !name->is_string()) return std::nullopt;
  if (enabled == entry.end() || !enabled->is_boolean()) return std::nullopt;
  const bool is_enabled = enabled->get<bool>();
  std::string state = is_enabled ? "enabled" : "disabled";
  const auto success_response = entry.find("success-response");  // since qemu-ga 1.7
  if (success_response != entry.end() && *success_response == false) {
    state += ", no reply on success";
  }
  return Row{client::printable(name->get_ref<const std::string&>()), std::move(state), is_enabled};
}

std::optional<std::vector<Row>> read_rows(const json& info) {
  const auto commands = info.find("supported_commands");
  if (commands == info.end() || !commands->is_array()) return std::nullopt;
  std::vector<Row> rows;
  for (const json& entry : *commands) {
    auto row = read_row(entry);
    if (!row) return std::nullopt;
    rows.push_back(*std::move(row));
  }
  std::ranges::sort(rows, {}, &Row::name);
  return rows;
}

std::string table(std::string_view version, const std::vector<Row>& rows) {
  const auto enabled = std::ranges::count_if(rows, &Row::enabled);
  std::string out =
      fmt::format("Agent version  {}\nCommands       {}: {} enabled, {} disabled\n\n",
                  client::printable(version), rows.size(), enabled, std::ssize(rows) - enabled);
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  for (const Row& row : rows) {
    fmt::format_to(std::back_inserter(out), "{:<{}}  {}\n", row.name, width, row.state);
  }
  return out;
}

}  // namespace

ExitCode info(const CliOptions& cli_options) {
  const auto reply = call_agent(cli_options, "guest-info");
  if (!reply) return report(reply.error());
  const json& info = reply->value;
  const auto version = info.is_object() ? info.find("version") : info.end();
  const auto rows = info.is_object() ? read_rows(info) : std::nullopt;
  if (!rows || version == info.end() || !version->is_string()) {
    return report({client::ErrorKind::protocol_violation,
                   fmt::format("the agent's reply to guest-info is invalid (print it with: bellhop "
                               "--connect {} call guest-info)",
                               client::printable(cli_options.endpoint))});
  }
  return print(table(version->get_ref<const std::string&>(), *rows));
}

}  // namespace bellhop::cli
