#include "platform/storage/mountinfo_linux.h"

#include <charconv>

namespace bellhop::platform {
namespace {

// Takes the next word, up to a space, off the front of a line.
std::string_view consume_word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return word;
}

bool is_octal(char digit) {
  return digit >= '0' && digit <= '7';
}

// The kernel writes blanks, line feeds, '#' and backslashes as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) &&
        is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<Mount> parse_mountinfo_line(std::string_view line) {
  Mount mount;
  if (!parse_number(consume_word(line), mount.id)) return std::nullopt;
  if (!parse_number(consume_word(line), mount.parent_id)) return std::nullopt;
  const std::string_view device = consume_word(line);
  const std::size_t colon = device.find(':');
  if (colon == device.npos) return std::nullopt;
  if (!parse_number(device.substr(0, colon), mount.device_major)) return std::nullopt;
  if (!parse_number(device.substr(colon + 1), mount.device_minor)) return std::nullopt;
  consume_word(line);  // the directory of the filesystem that is mounted
  mount.mountpoint = unescape(consume_word(line));
  if (mount.mountpoint.empty()) return std::nullopt;
  consume_word(line);  // options
  // Any number of optional fields, ended by a dash.
  while (!line.empty() && consume_word(line) != "-") {
  }
  mount.type = unescape(consume_word(line));
  if (mount.type.empty()) return std::nullopt;
  mount.source = unescape(consume_word(line));
  mount.read_only = line == "ro" || line.starts_with("ro,");
  return mount;
}

}  // namespace bellhop::platform
