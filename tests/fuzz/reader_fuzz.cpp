// SPDX-License-Identifier: Apache-2.0
// The reader must accept what nlohmann's strict parser accepts, with the same value, except where
// qemu's dialect is stricter. A value that is written and read again must stay the same.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "unit/wire/answers.h"

namespace {

using bellhop::wire::parse;
using bellhop::wire::testing::text_of;
using nlohmann::json;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_expected_error(std::string_view message) {
  for (const char* reason : {"duplicate key", "is not a valid Unicode character",
                             "invalid UTF-8 sequence in string", "limit exceeded"}) {
    if (message.find(reason) != std::string_view::npos) return true;
  }
  return false;
}

// qemu's dialect does not allow an exponent directly after a zero: `0e1`.
bool has_exponent_of_zero(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '0' || (text[i + 1] != 'e' && text[i + 1] != 'E')) continue;
    const char before = i == 0 ? ' ' : text[i - 1];
    if (before != '.' && (before < '0' || before > '9')) return true;
  }
  return false;
}

// The writer prints infinities as `inf`, which is not JSON.
bool has_infinity(std::string_view text) {
  const json strict = json::parse(text, nullptr, false);
  return strict.is_discarded() && text.find("inf") != std::string_view::npos;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer requires this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const json expected = json::parse(text, nullptr, false);
  // nlohmann accepts a byte order mark, and treats NUL as the end.
  const bool is_strict_json = !expected.is_discarded() && !text.starts_with("\xEF\xBB\xBF") &&
                              text.find('\0') == std::string_view::npos;

  const auto document = parse(text);
  if (!document) {
    require(!is_strict_json || has_exponent_of_zero(text) ||
            is_expected_error(document.error().message));
    return 0;
  }
  const std::string written = text_of(document->root());
  if (has_infinity(written)) return 0;
  const json value = json::parse(written, nullptr, false);
  require(!value.is_discarded());
  if (is_strict_json) require(value == expected);

  // -0.0 is written as -0, which is an integer. All other values are written the same again.
  const auto again = parse(written);
  require(again.has_value());
  const std::string written_again = text_of(again->root());
  require(json::parse(written_again, nullptr, false) == value);
  const auto third = parse(written_again);
  require(third.has_value() && text_of(third->root()) == written_again);
  return 0;
}
