// SPDX-License-Identifier: Apache-2.0
// The commands that the guest's administrator allows.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::agent {

// The block list and the allow list. Immutable and thread-safe.
class Policy {
 public:
  // An empty allow list allows all commands that are not blocked. Unknown names have no effect.
  explicit Policy(const std::vector<std::string>& blocked,
                  const std::vector<std::string>& allowed = {});

  // True if the lists allow `command`. The block list takes precedence.
  bool allows(std::string_view command) const;
  // True if the block list contains `command`.
  bool blocks(std::string_view command) const { return blocked_.contains(command); }

 private:
  using Names = std::set<std::string, std::less<>>;

  Names blocked_;
  Names allowed_;
};

}  // namespace bellhop::agent
