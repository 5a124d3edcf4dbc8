#include "config/key_file.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/path.h"
#include "base/text.h"
#include "platform/io/small_file.h"
#include "wire/utf8.h"

namespace bellhop::config {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_locale_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.' || c == '@' || static_cast<unsigned char>(c) >= 0x80;
}

// "[name]", optionally followed by blanks.
bool is_group_line(std::string_view line) {
  if (line.empty() || line.front() != '[') return false;
  const std::size_t end = line.find(']');
  return end != line.npos && line.find_first_not_of(" \t", end + 1) == line.npos;
}

bool is_group_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::none_of(name, [](char c) { return c == '[' || is_control(c); });
}

// A key, optionally with a locale in brackets after it.
bool is_key_name(std::string_view key) {
  const std::size_t end = std::min(key.find_first_of("=[]"), key.size());
  if (end == 0 || key.front() == ' ' || key[end - 1] == ' ') return false;
  std::string_view rest = key.substr(end);
  if (rest.empty()) return true;
  if (rest.front() != '[' || rest.back() != ']' || rest.size() < 2) return false;
  rest = rest.substr(1, rest.size() - 2);
  return std::ranges::all_of(rest, is_locale_character);
}

std::unexpected<Error> uninterpretable(const KeyFile::Entry& entry) {
  return failure("Key file contains key “{}” which has a value that cannot be interpreted.",
                 entry.key);
}

// The character of the escape `\c`; NUL if the escape is invalid.
char unescaped(char c) {
  switch (c) {
    case 's':
      return ' ';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    default:
      return '\0';
  }
}

Result<void> check_utf8(const KeyFile::Entry& entry) {
  if (wire::utf8::is_valid(entry.value)) return {};
  return failure("Key file contains key “{}” with value “{}” which is not UTF-8", entry.key,
                 entry.value);
}

}  // namespace

// Parses a key file line by line.
class KeyFile::Parser {
 public:
  using Outcome = std::expected<void, KeyFileError>;

  Outcome parse(std::string_view text) {
    while (!text.empty()) {
      ++line_number_;
      const bool whole = text.contains('\n');
      std::string_view line = text::consume_line(text);
      if (whole && line.ends_with('\r')) line.remove_suffix(1);
      TRY(parse_line(line.substr(0, line.find('\0'))));
    }
    return {};
  }

  std::vector<Group> groups() && { return std::move(groups_); }

 private:
  Outcome parse_line(std::string_view line) {
    const std::string_view content = text::trim_start(line, text::glib_space);
    if (content.empty() || content.front() == '#') return {};
    if (is_group_line(content)) return parse_group(content);
    const auto pair = text::split_once(content, '=');
    if (!pair || pair->first.empty()) {
      return refuse(fmt::format(
          "Key file contains line “{}” which is not a key-value pair, group, or comment", line));
    }
    return parse_pair(pair->first, pair->second);
  }

  Outcome parse_group(std::string_view line) {
    const std::string_view name = line.substr(1, line.find(']') - 1);
    if (!is_group_name(name)) return refuse(fmt::format("Invalid group name: {}", name));
    const auto found = std::ranges::find(groups_, name, &Group::name);
    current_ = static_cast<std::size_t>(found - groups_.begin());
    if (found == groups_.end()) groups_.push_back({std::string(name), line_number_, {}});
    return {};
  }

  Outcome parse_pair(std::string_view key, std::string_view value) {
    if (groups_.empty()) return refuse("Key file does not start with a group");
    key = text::trim_end(key, text::glib_space);
    value = text::trim_start(value, text::glib_space);
    if (!is_key_name(key)) return refuse(fmt::format("Invalid key name: {}", key));
    if (current_ == 0 && key == "Encoding" && !is_utf8_name(value)) {
      return refuse(fmt::format("Key file contains unsupported encoding “{}”", value));
    }
    groups_[current_].entries.push_back({std::string(key), std::string(value), line_number_});
    return {};
  }

  static bool is_utf8_name(std::string_view value) {
    return std::ranges::equal(value, std::string_view("utf-8"), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
  }

  std::unexpected<KeyFileError> refuse(std::string message) const {
    return std::unexpected(KeyFileError{std::move(message), line_number_});
  }

  std::vector<Group> groups_;
  std::size_t current_ = 0;
  unsigned line_number_ = 0;
};

std::expected<KeyFile, KeyFileError> KeyFile::parse(std::string_view text) {
  Parser parser;
  TRY(parser.parse(text));
  KeyFile file;
  file.groups_ = std::move(parser).groups();
  return file;
}

std::expected<KeyFile, KeyFileError> KeyFile::load(const std::string& path) {
  const auto system_error = [](std::error_code error) {
    return std::unexpected(KeyFileError{error.message(), 0, error});
  };
  std::error_code error;
  const std::filesystem::path native_path = path_from_utf8(path);
  const auto status = std::filesystem::status(native_path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    // Only `error` distinguishes "does not exist" from "a parent is not a directory".
    return system_error(error ? error : std::make_error_code(std::errc::no_such_file_or_directory));
  }
  if (error) return system_error(error);
  if (!std::filesystem::is_regular_file(status)) {
    return std::unexpected(KeyFileError{"Not a regular file"});
  }
  const auto text = platform::read_file(path);
  if (!text) return system_error(text.error().system);
  return parse(*text);
}

const KeyFile::Entry* KeyFile::find(std::string_view group, std::string_view key) const {
  const auto found = std::ranges::find(groups_, group, &Group::name);
  if (found == groups_.end()) return nullptr;
  const auto& entries = found->entries;
  const auto entry = std::find_if(entries.rbegin(), entries.rend(),
                                  [&](const Entry& candidate) { return candidate.key == key; });
  return entry == entries.rend() ? nullptr : &*entry;
}

Result<std::string> string_value(const KeyFile::Entry& entry) {
  TRY(check_utf8(entry));
  std::string text;
  const std::string_view value = entry.value;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (c == '\\') {
      c = ++i < value.size() ? unescaped(value[i]) : '\0';
      if (c == '\0') return uninterpretable(entry);
    }
    text.push_back(c);
  }
  return text;
}

Result<bool> boolean_value(const KeyFile::Entry& entry) {
  const std::string_view value = text::trim_end(entry.value, text::glib_space);
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return uninterpretable(entry);
}

Result<std::vector<std::string>> list_value(const KeyFile::Entry& entry) {
  TRY(check_utf8(entry));
  std::vector<std::string> elements;
  std::string element;
  bool pending = false;  // text follows the last separator
  const std::string_view value = entry.value;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    pending = c != ';';
    if (!pending) {
      elements.push_back(std::exchange(element, {}));
      continue;
    }
    if (c == '\\') {
      const char next = ++i < value.size() ? value[i] : '\0';
      c = next == ';' ? ';' : unescaped(next);
      if (c == '\0') return uninterpretable(entry);
    }
    element.push_back(c);
  }
  if (pending) elements.push_back(std::move(element));
  return elements;
}

std::string escaped_value(std::string_view text) {
  std::string value;
  bool leading = true;
  for (const char c : text) {
    if (leading && (c == ' ' || c == '\t')) {
      value += c == ' ' ? "\\s" : "\\t";
      continue;
    }
    leading = false;
    if (c == '\n') {
      value += "\\n";
    } else if (c == '\r') {
      value += "\\r";
    } else if (c == '\\') {
      value += "\\\\";
    } else {
      value.push_back(c);
    }
  }
  return value;
}

}  // namespace bellhop::config
