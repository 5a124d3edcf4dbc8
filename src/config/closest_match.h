// SPDX-License-Identifier: Apache-2.0
// Finds the name that a misspelt one probably means.
#pragma once

#include <span>
#include <string_view>

namespace bellhop::config {

// The candidate with the smallest edit distance (insertions, deletions and replacements of bytes)
// to `name`; the first of several. Empty without candidates.
std::string_view closest_match(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace bellhop::config
