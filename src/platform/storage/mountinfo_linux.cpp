#include "platform/storage/mountinfo_linux.h"

#include "base/text.h"

namespace bellhop::platform {
namespace {

bool is_octal(char digit) {
  return digit >= '0' && digit <= '7';
}

// The kernel escapes blanks, line feeds, '#' and backslashes as \ooo.
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

}  // namespace

std::optional<std::pair<unsigned int, unsigned int>> parse_device_number(std::string_view text) {
  const auto parts = text::split_once(text, ':');
  if (!parts) return std::nullopt;
  const auto major = text::parse_number<unsigned int>(parts->first);
  const auto minor = text::parse_number<unsigned int>(parts->second);
  if (!major || !minor) return std::nullopt;
  return std::pair(*major, *minor);
}

std::optional<Mount> parse_mountinfo_line(std::string_view line) {
  // Fields end at a single space, so a field may be empty.
  const auto next_field = [&] { return text::consume_until(line, ' '); };
  const auto id = text::parse_number<std::uint64_t>(next_field());
  const auto parent_id = text::parse_number<std::uint64_t>(next_field());
  const auto device = parse_device_number(next_field());
  if (!id || !parent_id || !device) return std::nullopt;
  Mount mount{.id = *id,
              .parent_id = *parent_id,
              .device_major = device->first,
              .device_minor = device->second};
  next_field();  // root of the mount within the filesystem
  mount.mountpoint = unescape(next_field());
  if (mount.mountpoint.empty()) return std::nullopt;
  next_field();  // mount options
  // Skips the optional fields; a dash ends them.
  while (!line.empty() && next_field() != "-") {
  }
  mount.type = unescape(next_field());
  if (mount.type.empty()) return std::nullopt;
  mount.source = unescape(next_field());
  mount.read_only = line == "ro" || line.starts_with("ro,");
  return mount;
}

}  // namespace bellhop::platform
