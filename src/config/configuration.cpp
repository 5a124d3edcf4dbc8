// SPDX-License-Identifier: Apache-2.0
#include "config/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/key_file.h"
#include "base/path.h"
#include "config/closest_match.h"
#include "config/keys.h"
#include "platform/io/small_file.h"
#include "platform/io/trusted_path.h"

namespace bellhop::config {
namespace {

// Who may be able to change a file.
enum class Writers { any, trusted };

// The content of a file; nullopt if an optional file does not exist. Errors are the reason only.
Result<std::optional<std::string>> load(const std::string& path, Presence presence,
                                        Writers writers) {
  std::error_code error;
  const auto status = std::filesystem::status(path_from_utf8(path), error);
  if (status.type() == std::filesystem::file_type::not_found) {
    // Only `error` distinguishes "does not exist" from "a parent is not a directory".
    if (!error) error = std::make_error_code(std::errc::no_such_file_or_directory);
    const bool is_missing = error == std::errc::no_such_file_or_directory;
    if (is_missing && presence == Presence::optional) return std::nullopt;
  }
  if (error) return failure("{}", error.message());
  if (!std::filesystem::is_regular_file(status)) return failure("Not a regular file");
  if (writers == Writers::trusted) {
    if (const auto trusted = platform::trusted_path(path); !trusted) {
      return failure("{}", trusted.error().message);
    }
  }
  auto content = platform::read_file(path);
  if (!content) return failure("{}", content.error().system.message());
  return *std::move(content);
}

Result<void> apply_entry(const Key& key, const KeyFile::Entry& entry) {
  return set(key, {.key = entry.key, .text = entry.value});
}

// Applies the keys of the table that the file contains.
Result<void> apply_keys(const KeyFile& file, const std::vector<Key>& keys) {
  for (const Key& key : keys) {
    if (const auto* entry = file.find(key.group, key.name)) TRY(apply_entry(key, *entry));
  }
  return {};
}

// The key of an entry of Bellhop's file.
Result<Key> find_key(const std::vector<Key>& keys, std::string_view group, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) {
    if (key.group != group) continue;
    if (key.name == name) return key;
    names.push_back(key.name);
  }
  return failure("unknown key '{}' in group [{}]; did you mean '{}'?", name, group,
                 closest_match(name, names));
}

Result<void> check_group_name(const std::vector<Key>& keys, std::string_view name) {
  std::vector<std::string_view> names(keys.size());
  std::ranges::transform(keys, names.begin(), &Key::group);
  if (std::ranges::find(names, name) != names.end()) return {};
  return failure("unknown group [{}]; did you mean [{}]?", name, closest_match(name, names));
}

// Checks all groups, keys and values of Bellhop's file, also values that a later one replaces.
Result<void> check(const KeyFile& file, const std::string& path) {
  const auto refuse = [&](unsigned line, const Error& error) {
    return failure("{}:{}: {}", path, line, error.message);
  };
  Settings ignored;
  const std::vector<Key> keys = keys_of(ignored);
  for (const KeyFile::Group& group : file.groups()) {
    const auto valid = check_group_name(keys, group.name);
    if (!valid) return refuse(group.line, valid.error());
    for (const KeyFile::Entry& entry : group.entries) {
      const auto key = find_key(keys, group.name, entry.key);
      if (!key) return refuse(entry.line, key.error());
      if (const auto applied = apply_entry(*key, entry); !applied) {
        return refuse(entry.line, applied.error());
      }
    }
  }
  return {};
}

}  // namespace

Result<void> read_guest_agent_configuration(const std::string& path, Presence presence,
                                            Settings& settings) {
  const auto refuse = [&](std::string_view reason) {
    return failure("error loading configuration from path: {}, {}", path, reason);
  };
  const auto content = load(path, presence, Writers::any);  // as qemu-ga
  if (!content) return refuse(content.error().message);
  if (!*content) return {};
  const auto file = KeyFile::parse(**content);
  if (!file) return refuse(file.error().message);
  std::vector<Key> keys = keys_of(settings);
  std::erase_if(keys, [](const Key& key) { return key.group != general_group; });
  if (const auto applied = apply_keys(*file, keys); !applied)
    return refuse(applied.error().message);
  settings.guest_agent_configuration_file = path;
  return {};
}

Result<void> read_configuration(const std::string& path, Presence presence, Settings& settings) {
  const auto content = load(path, presence, Writers::trusted);
  if (!content) {
    return failure("cannot read configuration '{}': {}", path, content.error().message);
  }
  if (!*content) return {};
  const auto file = KeyFile::parse(**content);
  if (!file) return failure("{}:{}: {}", path, file.error().line, file.error().message);
  TRY(check(*file, path));
  TRY(apply_keys(*file, keys_of(settings)));
  settings.configuration_file = path;
  return {};
}

void read_what_is_valid(const std::string& guest_agent_path, const std::string& path,
                        Settings& settings) {
  for (const Writers writers : {Writers::any, Writers::trusted}) {
    const bool own = writers == Writers::trusted;
    const auto content = load(own ? path : guest_agent_path, Presence::optional, writers);
    if (!content || !*content) continue;
    const KeyFile file = KeyFile::parse_valid_lines(**content);
    for (const Key& key : keys_of(settings)) {
      if (!own && key.group != general_group) continue;
      const auto* entry = file.find(key.group, key.name);
      if (entry) static_cast<void>(apply_entry(key, *entry));
    }
  }
}

std::string dump_configuration(Settings settings) {
  std::string text = "[general]\n";
  for (const Key& key : keys_of(settings)) {
    if (key.group != general_group || key.is_older_name) continue;
    if (const auto value = text_of(key)) {
      text += fmt::format("{}={}\n", key.name, escaped_value(*value));
    }
  }
  return text;
}

}  // namespace bellhop::config
