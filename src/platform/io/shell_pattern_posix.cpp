// SPDX-License-Identifier: Apache-2.0
#include <fnmatch.h>

#include "platform/io/shell_pattern.h"

namespace bellhop::platform {

bool matches_shell_pattern(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

}  // namespace bellhop::platform
