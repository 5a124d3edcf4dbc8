// SPDX-License-Identifier: Apache-2.0
// Shell patterns.
#pragma once

#include <string>

namespace bellhop::platform {

// Whether the pattern matches all of `text`, as in the `case` of a POSIX shell: `*` also stands for
// slashes, and a backslash takes the next character literally.
bool matches_shell_pattern(const std::string& pattern, const std::string& text);

}  // namespace bellhop::platform
