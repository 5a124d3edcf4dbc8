// SPDX-License-Identifier: Apache-2.0
#include <fmt/chrono.h>

#include "base/text.h"
#include "platform/storage/freeze_guard.h"

namespace bellhop::platform {
namespace {

using std::chrono::nanoseconds;
using std::chrono::system_clock;

}  // namespace

std::string freeze_time(system_clock::time_point time) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(system_clock::to_time_t(time)));
}

std::string freeze_notice(system_clock::time_point since, std::string_view why) {
  return fmt::format(
      "the freeze that began at {} ended by itself at {}, {}: what was copied after that may be "
      "inconsistent",
      freeze_time(since), freeze_time(system_clock::now()), why);
}

std::string freeze_thawed(system_clock::time_point since, std::string_view how) {
  return fmt::format(
      "the freeze that began at {} was thawed at {} {}: what was copied after that may be "
      "inconsistent",
      freeze_time(since), freeze_time(system_clock::now()), how);
}

std::string format_freeze_notice(const FreezeNotice& notice) {
  std::string content = notice.text + "\n";
  if (notice.owner.empty()) return content;
  return content + fmt::format("owner={}\nended={}\n", notice.owner,
                               nanoseconds(notice.ended.time_since_epoch()).count());
}

std::optional<FreezeNotice> parse_freeze_notice(std::string_view content) {
  FreezeNotice notice{.text = std::string(text::consume_line(content))};
  if (notice.text.empty()) return std::nullopt;
  notice.owner = text::find_value(content, "owner").value_or("");
  if (const auto ended = text::find_value(content, "ended")) {
    const nanoseconds time(text::parse_number<std::int64_t>(*ended).value_or(0));
    notice.ended =
        system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(time));
  }
  return notice;
}

}  // namespace bellhop::platform
