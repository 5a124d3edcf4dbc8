// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze_rules.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "platform/io/shell_pattern.h"

namespace bellhop::state {
namespace {

std::optional<Exclusion> match(std::string_view setting, std::span<const std::string> patterns,
                               const std::string& text) {
  for (const std::string& pattern : patterns) {
    if (!platform::matches_shell_pattern(pattern, text)) continue;
    return Exclusion{.why = fmt::format("{} of [freeze] has '{}'", setting, pattern)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Exclusion> excluded_by(const FreezeRules& rules,
                                     const platform::LocalFilesystem& filesystem) {
  if (auto found = match("skip-types", rules.skip_types, filesystem.type)) return found;
  for (const std::string& device : filesystem.devices) {
    if (auto found = match("skip-devices", rules.skip_devices, device)) return found;
  }
  const std::string& mountpoint = filesystem.mountpoint;
  if (auto found = match("skip-mountpoints", rules.skip_mountpoints, mountpoint)) return found;
  for (const platform::MountPlace& place : filesystem.places) {
    auto found = match("skip-mountpoints", rules.skip_mountpoints, place.path);
    if (!found) continue;
    found->why += fmt::format(", and '{}' is a mount of it", place.path);
    found->is_plain = false;
    return found;
  }
  return std::nullopt;
}

}  // namespace bellhop::state
