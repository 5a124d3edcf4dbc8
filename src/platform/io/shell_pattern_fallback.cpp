// SPDX-License-Identifier: Apache-2.0
#include "platform/io/shell_pattern.h"

namespace bellhop::platform {

bool matches_shell_pattern(const std::string& pattern, const std::string& text) {
  return pattern == text;
}

}  // namespace bellhop::platform
