#include <fcntl.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <utility>

#include "platform/io/handle.h"
#include "platform/machine/os_info.h"

namespace bellhop::platform {
namespace {

// Real files have some 500 bytes; what is beyond this is not read.
constexpr std::size_t max_bytes = std::size_t{1024} * 1024;

constexpr std::string_view blanks = " \t\r\v\f";

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// What a backslash within double quotes protects in the shell, and the single quote: qemu-ga
// takes its backslash away too.
bool is_escaped_in_quotes(char character) {
  return std::string_view("\\\"$`'").find(character) != std::string_view::npos;
}

// The text of a value in double quotes, `text` beginning after the first one.
std::string double_quoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && is_escaped_in_quotes(text[i + 1])) ++i;
    value += text[i];
  }
  return value;
}

// A value without quotes: ends at a blank or a semicolon, a backslash protects any character.
std::string unquoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (blanks.find(text[i]) != blanks.npos || text[i] == ';') break;
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

std::optional<std::string>* variable(OsRelease& release, std::string_view name) {
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

// The beginning of a file; nullopt when it cannot be read.
std::optional<std::string> read_text(const std::string& path) {
  const Handle fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() < max_bytes) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

Result<Kernel> kernel() {
  utsname names{};
  if (::uname(&names) < 0) return system_failure(errno, "uname failed");
  return Kernel{.release = names.release, .version = names.version, .machine = names.machine};
}

OsRelease parse_os_release(std::string_view text) {
  OsRelease release;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = without_blanks(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == line.npos) continue;
    if (auto* value = variable(release, without_blanks(line.substr(0, equals)))) {
      *value = unquote(without_blanks(line.substr(equals + 1)));
    }
  }
  return release;
}

OsRelease os_release(const std::optional<std::string>& path) {
  std::optional<std::string> text;
  if (path) {
    text = read_text(*path);
  } else {
    text = read_text("/etc/os-release");
    if (!text) text = read_text("/usr/lib/os-release");
  }
  return parse_os_release(text.value_or(std::string()));
}

}  // namespace bellhop::platform
