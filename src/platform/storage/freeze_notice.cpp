// SPDX-License-Identifier: Apache-2.0
#include <fmt/chrono.h>

#include "platform/storage/freeze_guard.h"

namespace bellhop::platform {
namespace {

std::string text_of(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace

std::string freeze_notice(std::chrono::system_clock::time_point since, std::string_view why) {
  return fmt::format(
      "the freeze that began at {} ended by itself at {}, {}: what was copied after that may be "
      "inconsistent",
      text_of(since), text_of(std::chrono::system_clock::now()), why);
}

}  // namespace bellhop::platform
