// SPDX-License-Identifier: Apache-2.0
#include "config/option_parser.h"

#include <fmt/format.h>

#include <utility>

namespace bellhop::config {

std::optional<ParsedOption> OptionParser::next() {
  while (short_options_.empty()) {
    if (next_ == arguments_.size()) return std::nullopt;
    const std::string_view argument = arguments_[next_++];
    if (argument == "--") {
      next_ = arguments_.size();
    } else if (argument.starts_with("--")) {
      return parse_long(argument);
    } else if (argument.starts_with('-')) {
      short_options_ = argument.substr(1);  // empty for a single "-"
    }
  }
  return parse_short();
}

ParsedOption OptionParser::parse_long(std::string_view argument) {
  const std::size_t equals = argument.find('=');
  const std::string_view name = argument.substr(2, equals - 2);
  std::string possibilities;
  const Option* option = find_long(name, possibilities);
  if (!option && possibilities.empty()) {
    return {.problem = fmt::format("unrecognized option '{}'", argument)};
  }
  if (!option) {
    return {.problem =
                fmt::format("option '{}' is ambiguous; possibilities:{}", argument, possibilities)};
  }
  const std::string_view main_name = find(option->id)->name;
  if (equals != argument.npos) {
    if (option->value == OptionValue::none) {
      return {.problem = fmt::format("option '--{}' doesn't allow an argument", main_name)};
    }
    return {.id = option->id, .value = argument.data() + equals + 1};
  }
  if (option->value != OptionValue::required) return {.id = option->id};
  if (next_ < arguments_.size()) return {.id = option->id, .value = arguments_[next_++]};
  return {.problem = fmt::format("option '--{}' requires an argument", main_name)};
}

ParsedOption OptionParser::parse_short() {
  const char letter = short_options_.front();
  short_options_.remove_prefix(1);
  const Option* option = find(static_cast<unsigned char>(letter));
  if (!option) return {.problem = fmt::format("invalid option -- '{}'", letter)};
  if (option->value == OptionValue::none) return {.id = option->id};
  if (!short_options_.empty()) {
    // The rest of an argument, which ends with a NUL character.
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)
    return {.id = option->id, .value = std::exchange(short_options_, {}).data()};
  }
  if (option->value == OptionValue::optional) return {.id = option->id};
  if (next_ < arguments_.size()) return {.id = option->id, .value = arguments_[next_++]};
  return {.problem = fmt::format("option requires an argument -- '{}'", letter)};
}

// The option of that name, or the only one that the name abbreviates. An abbreviation of several
// names with the same meaning is unambiguous. `possibilities` receives the names that are
// abbreviated.
const Option* OptionParser::find_long(std::string_view name, std::string& possibilities) const {
  const Option* found = nullptr;
  bool ambiguous = false;
  for (const Option& option : options_) {
    if (option.name.empty()) continue;
    if (option.name == name) return &option;
    if (!option.may_be_abbreviated || !option.name.starts_with(name)) continue;
    possibilities += fmt::format(" '--{}'", option.name);
    if (!found) found = &option;
    ambiguous = ambiguous || option.id != found->id;
  }
  return ambiguous ? nullptr : found;
}

const Option* OptionParser::find(int id) const {
  for (const Option& option : options_) {
    if (option.id == id) return &option;
  }
  return nullptr;
}

}  // namespace bellhop::config
