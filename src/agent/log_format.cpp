// SPDX-License-Identifier: Apache-2.0
#include "agent/log_format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iterator>

#include "base/text.h"
#include "wire/json_writer.h"

namespace bellhop::agent {
namespace {

struct Time {
  std::time_t seconds;
  int microseconds;
};

Time split(std::chrono::system_clock::time_point time) {
  using std::chrono::duration_cast;
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto rest = duration_cast<std::chrono::microseconds>(since - seconds);
  return {static_cast<std::time_t>(seconds.count()), static_cast<int>(rest.count())};
}

std::string to_lower_ascii(std::string name) {
  std::ranges::transform(name, name.begin(), text::to_lower_ascii);
  return name;
}

}  // namespace

void append_text_line(std::string& text, const platform::LogRecord& record) {
  const Time time = split(record.time);
  fmt::format_to(std::back_inserter(text), "{}.{:06}: {}: ", time.seconds, time.microseconds,
                 platform::log_level_name(record.level));
  text::append_escaped(text, record.message);
  text += '\n';
}

void append_json_line(std::string& text, const platform::LogRecord& record) {
  const Time time = split(record.time);
  wire::JsonWriter writer(text);
  writer.begin_object();
  writer.key("time");
  writer.string(
      fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(time.seconds), time.microseconds));
  writer.key("level");
  writer.string(platform::log_level_name(record.level));
  writer.key("message");
  writer.string(record.message);
  for (const platform::LogField& field : record.fields) {
    writer.key(to_lower_ascii(std::string(field.name)));
    writer.string(field.value);
  }
  writer.end_object();
  text += '\n';
}

}  // namespace bellhop::agent
