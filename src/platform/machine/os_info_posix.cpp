// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "platform/io/small_file.h"
#include "platform/machine/os_info.h"

namespace bellhop::platform {
namespace {

// Real files have about 500 bytes. Bytes beyond this limit are not read.
constexpr std::size_t max_bytes = std::size_t{1024} * 1024;

// The characters that a backslash escapes within double quotes in the shell, and the single quote,
// because qemu-ga removes the backslash before it too.
bool is_escaped_in_quotes(char character) {
  return std::string_view("\\\"$`'").find(character) != std::string_view::npos;
}

// The value of a double-quoted string; `text` starts after the opening quote.
std::string double_quoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && is_escaped_in_quotes(text[i + 1])) ++i;
    value += text[i];
  }
  return value;
}

// An unquoted value: ends at white space or a semicolon; a backslash escapes any character.
std::string unquoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text::white_space.contains(text[i]) || text[i] == ';') break;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return value;
}

std::string unquote(std::string_view text) {
  if (text.starts_with('"')) return double_quoted(text.substr(1));
  if (text.starts_with('\'')) return std::string(text.substr(1, text.find('\'', 1) - 1));
  return unquoted(text);
}

std::optional<std::string>* variable(OsInfo& release, std::string_view name) {
  const std::array<std::pair<std::string_view, std::optional<std::string>*>, 7> variables{{
      {"ID", &release.id},
      {"NAME", &release.name},
      {"PRETTY_NAME", &release.pretty_name},
      {"VERSION", &release.version},
      {"VERSION_ID", &release.version_id},
      {"VARIANT", &release.variant},
      {"VARIANT_ID", &release.variant_id},
  }};
  for (const auto& [known, value] : variables) {
    if (known == name) return value;
  }
  return nullptr;
}

}  // namespace

OsInfo parse_os_release(std::string_view text) {
  OsInfo release;
  while (!text.empty()) {
    const std::string_view line = text::trim(text::consume_line(text));
    const auto pair = text::split_once(line, '=');
    if (line.starts_with('#') || !pair) continue;
    if (auto* value = variable(release, text::trim(pair->first))) {
      *value = unquote(text::trim(pair->second));
    }
  }
  return release;
}

Result<OsInfo> os_info(const std::optional<std::string>& os_release) {
  utsname kernel{};
  if (::uname(&kernel) < 0) return system_failure(errno, "uname failed");
  auto text = read_file(os_release.value_or("/etc/os-release"), max_bytes);
  if (!text && !os_release) text = read_file("/usr/lib/os-release", max_bytes);
  OsInfo info = parse_os_release(text.value_or(std::string()));
  info.kernel_release = kernel.release;
  info.kernel_version = kernel.version;
  info.machine = kernel.machine;
  return info;
}

}  // namespace bellhop::platform
