// SPDX-License-Identifier: Apache-2.0
#include "state/authorized_keys.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace bellhop::state {
namespace {

// Bounds the retries while another program keeps changing the file.
constexpr int max_tries = 8;

// Same as g_strsplit(): empty content has no lines, and a line feed at the end begins an empty
// line.
std::vector<std::string_view> lines_of(std::string_view content) {
  return content.empty() ? std::vector<std::string_view>() : text::split(content, '\n');
}

std::string join(std::span<const std::string_view> lines) {
  std::string content;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) content += '\n';
    content += lines[i];
  }
  return content;
}

// Whether a read error means that the file or its directory does not exist.
bool is_absence(const Error& error) {
  return error.system == std::errc::no_such_file_or_directory ||
         error.system == std::errc::not_a_directory;
}

}  // namespace

Result<void> check_keys(Keys keys) {
  for (const std::string_view key : keys) {
    if (key.starts_with('#') || key.find('\n') != std::string_view::npos) {
      return failure("invalid OpenSSH public key: '{}'", key);
    }
  }
  return {};
}

std::vector<std::string> listed_keys(std::string_view content) {
  std::vector<std::string> keys;
  for (const std::string_view line : lines_of(content)) {
    const std::string_view key = text::trim(line, text::glib_space);
    if (!key.empty() && key.front() != '#') keys.emplace_back(key);
  }
  std::ranges::reverse(keys);
  return keys;
}

std::string with_keys(std::string_view content, Keys keys) {
  std::vector<std::string_view> lines = lines_of(content);
  std::unordered_set<std::string_view> present(lines.begin(), lines.end());
  for (const std::string_view key : keys) {
    if (present.insert(key).second) lines.push_back(key);
  }
  return join(lines);
}

std::string without_keys(std::string_view content, Keys keys) {
  const std::unordered_set<std::string_view> unwanted(keys.begin(), keys.end());
  std::vector<std::string_view> lines = lines_of(content);
  std::erase_if(lines, [&](std::string_view line) { return unwanted.contains(line); });
  return join(lines);
}

Result<void> update(const platform::AuthorizedKeysFile& file, bool create,
                    const std::function<std::string(std::string_view)>& change) {
  for (int attempt = 0; attempt < max_tries; ++attempt) {
    auto old = file.read();
    if (!old && is_absence(old.error())) {
      if (!create) return {};
      old = platform::AuthorizedKeysContent{};
    }
    if (!old) return std::unexpected(std::move(old).error());
    TRY_ASSIGN(const auto replaced, file.replace(change(old->text), old->version));
    if (replaced) return {};
  }
  return failure("failed to write to '{}': something else changes it all the time", file.path());
}

}  // namespace bellhop::state
