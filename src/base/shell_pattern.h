// SPDX-License-Identifier: Apache-2.0
// Shell patterns, as in the `case` of a POSIX shell.
#pragma once

#include <string_view>

namespace bellhop {

// Whether the pattern matches all of `text`: `*` stands for any characters, also slashes, `?` for
// one character, `[a-c]` for one of a set, `[!a-c]` or `[^a-c]` for one that is not in it. A
// backslash takes the next character literally, as does a `[` without its `]`. Sets are compared
// byte by byte; there are no classes such as `[[:digit:]]`. Takes time proportional to the product
// of the lengths at most.
bool matches_shell_pattern(std::string_view pattern, std::string_view text);

}  // namespace bellhop
