// SPDX-License-Identifier: Apache-2.0
// Parses options as GNU getopt_long(3) does.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bellhop::config {

enum class OptionValue { none, required, optional };

struct Option {
  int id;                 // below 256: the character of the short option
  std::string_view name;  // of the long option; empty if there is none
  OptionValue value = OptionValue::none;
  bool may_be_abbreviated = true;
};

struct ParsedOption {
  int id = 0;
  const char* value = nullptr;
  std::string problem = {};  // in getopt's wording; if set, the rest is not
};

// Long options may be abbreviated and short ones combined; an optional value is attached to its
// option. Arguments that are not options are ignored, as is everything after "--". This is the
// syntax of qemu-ga's command line on every operating system; getopt_long() differs between them.
class OptionParser {
 public:
  // `arguments` excludes the program's name. Both must outlive the parser.
  OptionParser(std::span<const Option> options, std::span<char* const> arguments)
      : options_(options), arguments_(arguments) {}

  // The next option; nullopt at the end.
  std::optional<ParsedOption> next();

 private:
  ParsedOption parse_long(std::string_view argument);
  ParsedOption parse_short();
  const Option* find_long(std::string_view name, std::string& possibilities) const;
  const Option* find(int id) const;

  std::span<const Option> options_;
  std::span<char* const> arguments_;
  std::size_t next_ = 0;
  std::string_view short_options_ = {};  // rest of the current argument
};

}  // namespace bellhop::config
