// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/closest_match.h"

namespace bellhop::config {
namespace {

using platform::LogLevel;

constexpr std::pair<std::string_view, LogTarget> log_targets[] = {
    {"stderr", LogTarget::standard_error},
    {"file", LogTarget::file},
    {"syslog", LogTarget::syslog},
    {"journal", LogTarget::journal},
};

constexpr std::pair<std::string_view, LogFormat> log_formats[] = {
    {"text", LogFormat::text},
    {"json", LogFormat::json},
};

constexpr std::pair<std::string_view, OnUnreachable> unreachable_words[] = {
    {"skip", OnUnreachable::skip},
    {"fail", OnUnreachable::fail},
};

constexpr std::pair<std::string_view, LogLevel> log_levels[] = {
    {"error", LogLevel::error},     {"critical", LogLevel::critical},
    {"warning", LogLevel::warning}, {"message", LogLevel::message},
    {"info", LogLevel::info},       {"debug", LogLevel::debug},
};

// One overload for each type of Member.
Result<void> assign(bool* member, const Value& value) {
  TRY_ASSIGN(*member, boolean_value(value));
  return {};
}

Result<void> assign(Flag flag, const Value& value) {
  TRY_ASSIGN(const auto is_set, boolean_value(value));
  if (is_set) *flag.member = true;
  return {};
}

Result<void> assign(std::string* member, const Value& value) {
  TRY_ASSIGN(*member, string_value(value));
  return {};
}

Result<void> assign(std::optional<std::string>* member, const Value& value) {
  TRY_ASSIGN(*member, string_value(value));
  return {};
}

Result<void> assign(LogFile file, const Value& value) {
  *file.target = LogTarget::file;
  return assign(file.member, value);
}

// Adds the names, the last one first: qemu-ga keeps them in this order, which --dump-conf shows.
Result<void> assign(std::vector<std::string>* list, const Value& value) {
  TRY_ASSIGN(const auto text, string_value(value));
  if (text.empty()) return {};
  const auto names = text::split(text, ',');
  list->insert(list->end(), names.rbegin(), names.rend());
  return {};
}

// "METHOD:PATH".
Result<ChannelSettings> parse_channel(std::string_view text) {
  std::string_view path = text;
  const std::string_view method = text::consume_until(path, ':');
  const auto* kind = platform::find_channel_kind(method);
  if (!kind) return failure("unsupported channel method/type: {}", method);
  if (path.empty()) return failure("channel '{}' has no path", text);
  return ChannelSettings{kind, std::string(path)};
}

Result<void> assign(std::vector<ChannelSettings>* channels, const Value& value) {
  TRY_ASSIGN(const auto elements, list_value(value, ';'));
  if (elements.empty()) return failure("{} names no channel", value.key);
  channels->clear();
  for (const std::string& element : elements) {
    TRY_ASSIGN(auto channel, parse_channel(element));
    channels->push_back(std::move(channel));
  }
  return {};
}

// A pattern for paths that matches none is refused, as a misspelt key is.
Result<void> assign(const Patterns& patterns, const Value& value) {
  TRY_ASSIGN(const auto elements, list_value(value, ','));
  patterns.member->clear();
  for (const std::string& element : elements) {
    const std::string_view pattern = text::trim(element);
    if (pattern.empty()) continue;
    if (patterns.are_paths &&
        std::string_view("/*?[\\").find(pattern[0]) == std::string_view::npos) {
      return failure("{}: '{}' matches no path; paths begin with '/'", value.key, pattern);
    }
    patterns.member->emplace_back(pattern);
  }
  return {};
}

template <class T>
Result<void> assign(const Word<T>& word, const Value& value) {
  TRY_ASSIGN(const auto text, string_value(value));
  std::vector<std::string_view> names;
  for (const auto& [name, meaning] : word.words) {
    if (name == text) {
      *word.member = meaning;
      return {};
    }
    names.push_back(name);
  }
  return failure("{} cannot be '{}'; did you mean '{}'?", value.key, text,
                 closest_match(text, names));
}

template <class T>
Result<void> assign(const Number<T>& number, const Value& value) {
  TRY_ASSIGN(const auto text, string_value(value));
  const auto parsed = text::parse_number<std::size_t>(text);
  if (!parsed || *parsed < number.min || *parsed > number.max) {
    return failure("{} must be a number from {} to {}, not '{}'", value.key, number.min, number.max,
                   text);
  }
  *number.member = T(*parsed);
  return {};
}

// One overload for each type that qemu-ga has.
std::optional<std::string> print(bool* member) {
  return *member ? "true" : "false";
}

std::optional<std::string> print(Flag flag) {
  return print(flag.member);
}

std::optional<std::string> print(std::string* member) {
  return *member;
}

std::optional<std::string> print(std::optional<std::string>* member) {
  return *member;
}

std::optional<std::string> print(LogFile file) {
  return *file.member;
}

std::optional<std::string> print(std::vector<std::string>* names) {
  return fmt::format("{}", fmt::join(*names, ","));
}

template <class Own>
std::optional<std::string> print(const Own& /*member*/) {
  return std::nullopt;
}

}  // namespace

std::vector<Key> keys_of(Settings& settings) {
  LogSettings& log = settings.log;
  FreezeSettings& freeze = settings.freeze;
  return {
      {general_group, "daemon", 'd', &settings.daemonize},
      {general_group, "method", 'm', &settings.method},
      {general_group, "path", 'p', &settings.path},
      {general_group, "logfile", 'l', LogFile{&log.target, &settings.log_file}},
      {general_group, "pidfile", 'f', &settings.pid_file},
      {general_group, "fsfreeze-hook", 'F', &settings.fsfreeze_hook},
      {general_group, "statedir", 't', &settings.state_dir},
      {general_group, "verbose", 'v', Flag{&settings.verbose}},
      {general_group, "retry-path", 'r', &settings.retry_path},
      {general_group, "block-rpcs", 'b', &settings.blocked_commands},
      {general_group, "blacklist", 'b', &settings.blocked_commands, true},  // until qemu-ga 9.0
      {general_group, "allow-rpcs", 'a', &settings.allowed_commands},

      {"channels", "channels", no_option, &settings.channels},
      {"log", "target", no_option, Word<LogTarget>{&log.target, log_targets}},
      {"log", "format", no_option, Word<LogFormat>{&log.format, log_formats}},
      {"log", "level", no_option, Word<LogLevel>{&log.level, log_levels}},
      {"log", "exec-arguments", no_option, &log.exec_arguments},
      {"workers", "limit", no_option, Number<std::size_t>{&settings.workers.limit, 1, 4096}},
      {"freeze", "hook-timeout", no_option, Number{&freeze.hook_timeout, 1, 86400}},
      {"freeze", "hook-directory", no_option, &freeze.hook_directory},
      {"freeze", "limit", no_option, Number{&freeze.timeout, 0, 86400}},
      {"freeze", "skip-types", no_option, Patterns{&freeze.skip_types}},
      {"freeze", "skip-mountpoints", no_option, Patterns{&freeze.skip_mountpoints, true}},
      {"freeze", "skip-devices", no_option, Patterns{&freeze.skip_devices, true}},
      {"freeze", "on-unreachable", no_option,
       Word<OnUnreachable>{&freeze.on_unreachable, unreachable_words}},
  };
}

Result<void> set(const Key& key, const Value& value) {
  return std::visit([&](const auto& member) { return assign(member, value); }, key.member);
}

std::optional<std::string> text_of(const Key& key) {
  return std::visit([](const auto& member) { return print(member); }, key.member);
}

}  // namespace bellhop::config
