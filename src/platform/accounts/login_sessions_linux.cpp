// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/login_sessions_linux.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

// Session names consist of letters and digits. The directory also contains pipes (`5.ref`) and
// partially written files.
bool is_session_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

// The value of the first line `NAME=value`, without enclosing double quotes.
std::optional<std::string_view> value_of(std::string_view lines, std::string_view name) {
  auto value = text::find_value(lines, name);
  if (value && value->size() >= 2 && value->front() == '"' && value->back() == '"') {
    value = value->substr(1, value->size() - 2);
  }
  return value;
}

// Classes of sessions in which a user works. The other classes are greeters, lock screens, cron
// jobs and service managers of users.
bool is_interactive(std::string_view session_class) {
  constexpr std::array<std::string_view, 4> interactive{"user", "user-early", "user-light",
                                                        "user-early-light"};
  return std::ranges::find(interactive, session_class) != interactive.end();
}

std::optional<LoggedInUser> parse(std::string_view text) {
  const auto user = value_of(text, "USER");
  const auto began = value_of(text, "REALTIME");
  if (!user || user->empty() || !began) return std::nullopt;
  if (!is_interactive(value_of(text, "CLASS").value_or("user"))) return std::nullopt;
  // The user has logged out, but processes remain.
  if (value_of(text, "STATE").value_or("") == "closing") return std::nullopt;
  const auto microseconds = text::parse_number<std::uint64_t>(*began);
  if (!microseconds) return std::nullopt;
  return LoggedInUser{.user = std::string(*user),
                      .login_time = static_cast<double>(*microseconds) / 1'000'000};
}

}  // namespace

std::vector<LoggedInUser> login_sessions(const std::filesystem::path& directory) {
  std::vector<LoggedInUser> sessions;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!is_session_name(entry->path().filename().native())) continue;
    const auto text = read_small_file(entry->path().string());
    if (!text || !*text) continue;  // the session has ended
    if (auto session = parse(**text)) sessions.push_back(*std::move(session));
  }
  std::ranges::sort(sessions, {}, [](const LoggedInUser& session) {
    return std::tie(session.login_time, session.user);
  });
  return sessions;
}

}  // namespace bellhop::platform
