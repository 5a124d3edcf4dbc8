#include "config/configuration.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "config/closest_match.h"
#include "platform/io/channel_kinds.h"

namespace bellhop::config {
namespace {

using Entry = KeyFile::Entry;

// Parses an entry's value into the target.
template <class Target>
using Parser = Result<void> (*)(Target&, const Entry&);

template <class Target>
struct Key {
  std::string_view name;
  Parser<Target> parse;
};

template <auto Member>
Result<void> parse_string(GeneralOptions& options, const Entry& entry) {
  TRY_ASSIGN(options.*Member, string_value(entry));
  return {};
}

template <auto Member>
Result<void> parse_boolean(GeneralOptions& options, const Entry& entry) {
  TRY_ASSIGN(options.*Member, boolean_value(entry));
  return {};
}

template <auto Member>
Result<void> parse_names(GeneralOptions& options, const Entry& entry) {
  TRY_ASSIGN(auto value, string_value(entry));
  std::ranges::move(split_names(value), std::back_inserter(options.*Member));
  return {};
}

constexpr auto general_keys = std::to_array<Key<GeneralOptions>>({
    {"daemon", parse_boolean<&GeneralOptions::daemonize>},
    {"method", parse_string<&GeneralOptions::method>},
    {"path", parse_string<&GeneralOptions::path>},
    {"logfile", parse_string<&GeneralOptions::log_file>},
    {"pidfile", parse_string<&GeneralOptions::pid_file>},
    {"fsfreeze-hook", parse_string<&GeneralOptions::fsfreeze_hook>},
    {"statedir", parse_string<&GeneralOptions::state_dir>},
    {"verbose", parse_boolean<&GeneralOptions::verbose>},
    {"retry-path", parse_boolean<&GeneralOptions::retry_path>},
    {"block-rpcs", parse_names<&GeneralOptions::blocked>},
    {"blacklist", parse_names<&GeneralOptions::blocked>},  // until qemu-ga 9.0
    {"allow-rpcs", parse_names<&GeneralOptions::allowed>},
});

// A value from a fixed list of words.
template <class T, std::size_t N>
Result<T> word(const Entry& entry, const std::pair<std::string_view, T> (&words)[N]) {
  TRY_ASSIGN(const auto value, string_value(entry));
  std::array<std::string_view, N> names;
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i].first == value) return words[i].second;
    names[i] = words[i].first;
  }
  return failure("{} cannot be '{}'; did you mean '{}'?", entry.key, value,
                 closest_match(value, names));
}

Result<std::size_t> number(const Entry& entry, std::size_t min, std::size_t max) {
  TRY_ASSIGN(const auto value, string_value(entry));
  const auto result = text::parse_number<std::size_t>(value);
  if (!result || *result < min || *result > max) {
    return failure("{} must be a number from {} to {}, not '{}'", entry.key, min, max, value);
  }
  return *result;
}

// "METHOD:PATH", or "METHOD" alone where qemu-ga has a default path.
Result<ChannelSettings> channel(std::string_view text) {
  std::string_view path = text;
  ChannelSettings settings{std::string(text::consume_until(path, ':')), std::string(path)};
  if (!platform::find_channel_kind(settings.method)) {
    return failure("unsupported channel method/type: {}", settings.method);
  }
  if (settings.path.empty()) return failure("channel '{}' has no path", text);
  return settings;
}

Result<void> parse_channels(Configuration& configuration, const Entry& entry) {
  TRY_ASSIGN(const auto elements, list_value(entry));
  configuration.channels.clear();
  for (const std::string& element : elements) {
    TRY_ASSIGN(auto settings, channel(element));
    configuration.channels.push_back(std::move(settings));
  }
  if (configuration.channels.empty()) return failure("{} names no channel", entry.key);
  return {};
}

Result<void> parse_target(Configuration& configuration, const Entry& entry) {
  static constexpr std::pair<std::string_view, LogTarget> words[] = {
      {"stderr", LogTarget::standard_error},
      {"file", LogTarget::file},
      {"syslog", LogTarget::syslog},
      {"journal", LogTarget::journal},
  };
  TRY_ASSIGN(configuration.log_target, word(entry, words));
  return {};
}

Result<void> parse_format(Configuration& configuration, const Entry& entry) {
  static constexpr std::pair<std::string_view, LogFormat> words[] = {
      {"text", LogFormat::text},
      {"json", LogFormat::json},
  };
  TRY_ASSIGN(configuration.log_format, word(entry, words));
  return {};
}

Result<void> parse_level(Configuration& configuration, const Entry& entry) {
  using platform::LogLevel;
  static constexpr std::pair<std::string_view, LogLevel> words[] = {
      {"error", LogLevel::error},     {"critical", LogLevel::critical},
      {"warning", LogLevel::warning}, {"message", LogLevel::message},
      {"info", LogLevel::info},       {"debug", LogLevel::debug},
  };
  TRY_ASSIGN(configuration.log_level, word(entry, words));
  return {};
}

Result<void> parse_workers_limit(Configuration& configuration, const Entry& entry) {
  TRY_ASSIGN(configuration.workers_limit, number(entry, 1, 4096));
  return {};
}

Result<void> parse_hook_timeout(Configuration& configuration, const Entry& entry) {
  TRY_ASSIGN(const auto seconds, number(entry, 1, 86400));
  configuration.hook_timeout = std::chrono::seconds(seconds);
  return {};
}

Result<void> parse_hook_directory(Configuration& configuration, const Entry& entry) {
  TRY_ASSIGN(configuration.hook_directory, string_value(entry));
  return {};
}

Result<void> parse_freeze_timeout(Configuration& configuration, const Entry& entry) {
  TRY_ASSIGN(const auto seconds, number(entry, 0, 86400));
  configuration.freeze_timeout = std::chrono::seconds(seconds);
  return {};
}

constexpr auto channels_keys = std::to_array<Key<Configuration>>({{"channels", parse_channels}});
constexpr auto log_keys = std::to_array<Key<Configuration>>(
    {{"target", parse_target}, {"format", parse_format}, {"level", parse_level}});
constexpr auto workers_keys = std::to_array<Key<Configuration>>({{"limit", parse_workers_limit}});
constexpr auto freeze_keys =
    std::to_array<Key<Configuration>>({{"hook-timeout", parse_hook_timeout},
                                       {"hook-directory", parse_hook_directory},
                                       {"limit", parse_freeze_timeout}});

constexpr std::string_view general_group = "general";
constexpr auto group_names =
    std::to_array<std::string_view>({general_group, "channels", "log", "workers", "freeze"});

std::span<const Key<Configuration>> keys_of(std::string_view group) {
  if (group == "channels") return channels_keys;
  if (group == "log") return log_keys;
  if (group == "workers") return workers_keys;
  return freeze_keys;
}

template <class Target>
Result<void> parse_entry(Target& target, std::span<const Key<Target>> keys, std::string_view group,
                         const Entry& entry) {
  const auto key = std::ranges::find(keys, entry.key, &Key<Target>::name);
  if (key != keys.end()) return key->parse(target, entry);
  std::vector<std::string_view> names;
  for (const Key<Target>& candidate : keys) names.push_back(candidate.name);
  return failure("unknown key '{}' in group [{}]; did you mean '{}'?", entry.key, group,
                 closest_match(entry.key, names));
}

// If a key is repeated, the last value counts, but all must be valid.
bool is_last(const KeyFile& file, const KeyFile::Group& group, const Entry& entry) {
  return file.find(group.name, entry.key) == &entry;
}

Result<void> parse_group(Configuration& configuration, const KeyFile& file,
                         const KeyFile::Group& group, const std::string& path) {
  Configuration superseded;
  for (const Entry& entry : group.entries) {
    Configuration& target = is_last(file, group, entry) ? configuration : superseded;
    const auto parsed =
        group.name == general_group
            ? parse_entry<GeneralOptions>(target.general, general_keys, group.name, entry)
            : parse_entry(target, keys_of(group.name), group.name, entry);
    if (!parsed) return failure("{}:{}: {}", path, entry.line, parsed.error().message);
  }
  return {};
}

bool is_missing(const KeyFileError& error) {
  return error.system == std::errc::no_such_file_or_directory;
}

}  // namespace

Result<std::optional<GeneralOptions>> read_guest_agent_configuration(const std::string& path,
                                                                     Presence presence) {
  const auto refuse = [&](std::string_view reason) {
    return failure("error loading configuration from path: {}, {}", path, reason);
  };
  const auto file = KeyFile::load(path);
  if (!file) {
    if (presence == Presence::optional && is_missing(file.error())) return std::nullopt;
    return refuse(file.error().message);
  }
  GeneralOptions options;
  for (const auto& [name, parse] : general_keys) {
    const Entry* entry = file->find(general_group, name);
    if (!entry) continue;
    if (const auto parsed = parse(options, *entry); !parsed) return refuse(parsed.error().message);
  }
  return options;
}

Result<std::optional<Configuration>> read_configuration(const std::string& path,
                                                        Presence presence) {
  const auto file = KeyFile::load(path);
  if (!file) {
    const KeyFileError& error = file.error();
    if (presence == Presence::optional && is_missing(error)) return std::nullopt;
    if (error.line == 0) return failure("cannot read configuration '{}': {}", path, error.message);
    return failure("{}:{}: {}", path, error.line, error.message);
  }
  Configuration configuration;
  for (const KeyFile::Group& group : file->groups()) {
    if (std::ranges::find(group_names, group.name) == group_names.end()) {
      return failure("{}:{}: unknown group [{}]; did you mean [{}]?", path, group.line, group.name,
                     closest_match(group.name, group_names));
    }
    TRY(parse_group(configuration, *file, group, path));
  }
  return configuration;
}

}  // namespace bellhop::config
