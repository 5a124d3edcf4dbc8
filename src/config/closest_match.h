// Finds the name that somebody probably meant.
#pragma once

#include <span>
#include <string_view>

namespace bellhop::config {

// The one of `candidates` that takes the fewest insertions, deletions and replacements of bytes to
// come from `name`; the first when several do. Empty without candidates.
std::string_view closest_match(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace bellhop::config
