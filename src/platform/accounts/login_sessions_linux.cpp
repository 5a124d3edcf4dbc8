#include "platform/accounts/login_sessions_linux.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

// Beside the sessions, which are named by letters and digits, lie pipes (`5.ref`) and files that
// are being written.
bool is_session_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

// What stands behind `NAME=` at the beginning of a line, nothing when there is no such line.
std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (!line.starts_with(name) || line.substr(name.size(), 1) != "=") continue;
    line.remove_prefix(name.size() + 1);
    if (line.size() >= 2 && line.front() == '"' && line.back() == '"') {
      line = line.substr(1, line.size() - 2);
    }
    return line;
  }
  return std::nullopt;
}

// Those in which somebody works. The others are greeters, lock screens, jobs of cron, and the
// managers of users' services.
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
  // Its user has logged out, but processes are left.
  if (value_of(text, "STATE").value_or("") == "closing") return std::nullopt;
  std::uint64_t microseconds = 0;
  const auto [end, error] =
      std::from_chars(began->data(), began->data() + began->size(), microseconds);
  if (error != std::errc{} || end != began->data() + began->size()) return std::nullopt;
  return LoggedInUser{.user = std::string(*user),
                      .login_time = static_cast<double>(microseconds) / 1'000'000};
}

}  // namespace

std::vector<LoggedInUser> login_sessions(const std::filesystem::path& directory) {
  std::vector<LoggedInUser> sessions;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!is_session_name(entry->path().filename().native())) continue;
    const auto text = read_small_file(entry->path().string());
    if (!text || !*text) continue;  // ended meanwhile
    if (auto session = parse(**text)) sessions.push_back(*std::move(session));
  }
  std::ranges::sort(sessions, {}, [](const LoggedInUser& session) {
    return std::tie(session.login_time, session.user);
  });
  return sessions;
}

}  // namespace bellhop::platform
