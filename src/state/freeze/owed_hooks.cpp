// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/owed_hooks.h"

#include <filesystem>

#include "base/path.h"
#include "base/text.h"
#include "platform/io/small_file.h"
#include "platform/machine/boot_id.h"

namespace bellhop::state {

OwedHooks::OwedHooks(const std::string& directory)
    : path_(fmt::format("{}/{}", directory, file_name)) {
  const auto content = platform::read_state_file(path_);
  owed_ = content && *content && text::trim(**content) == platform::boot_id();
}

Result<void> OwedHooks::owe() {
  TRY(platform::read_state_file(path_));
  TRY(platform::replace_small_file(path_, platform::boot_id() + "\n"));
  owed_ = true;
  return {};
}

void OwedHooks::forget() {
  if (!owed_.exchange(false)) return;
  std::error_code ignored;
  std::filesystem::remove(path_from_utf8(path_), ignored);
}

}  // namespace bellhop::state
