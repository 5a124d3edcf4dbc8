// SPDX-License-Identifier: Apache-2.0
// The settings that configuration files and options can change: one table.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "config/settings.h"
#include "config/value.h"

namespace bellhop::config {

// Set by true; false does not reset it.
struct Flag {
  bool* member;
};

// The log file. Setting it also makes it the target of the log.
struct LogFile {
  LogTarget* target;
  std::optional<std::string>* member;
};

// One of several words.
template <class T>
struct Word {
  T* member;
  std::span<const std::pair<std::string_view, T>> words;
};

// A whole number: a count or seconds.
template <class T>
struct Number {
  T* member;
  std::size_t min;
  std::size_t max;
};

// Shell patterns, separated by commas.
struct Patterns {
  std::vector<std::string>* member;
  bool are_paths = false;
};

// Where a value is stored; the type determines its syntax. Lists of names are separated by commas,
// and values are appended.
using Member = std::variant<bool*, Flag, std::string*, std::optional<std::string>*, LogFile,
                            std::vector<std::string>*, std::vector<ChannelSettings>*, Patterns,
                            Word<LogTarget>, Word<LogFormat>, Word<platform::LogLevel>,
                            Word<OnUnreachable>, Number<std::size_t>, Number<std::chrono::seconds>>;

// The group that qemu-ga has.
inline constexpr std::string_view general_group = "general";

struct Key {
  std::string_view group;  // general_group: in qemu-ga's file too
  std::string_view name;
  char option;  // letter of the option with the same effect; no_option if there is none
  Member member;
  bool is_older_name = false;  // not in the output of --dump-conf
};

inline constexpr char no_option = '\0';

// The table, in the order in which a file is applied and qemu-ga prints its configuration.
std::vector<Key> keys_of(Settings& settings);

// Sets the member. Errors name the key, not the file.
Result<void> set(const Key& key, const Value& value);

// The value of the member; nullopt if it is not set or its type is not one that qemu-ga has.
std::optional<std::string> text_of(const Key& key);

}  // namespace bellhop::config
