// SPDX-License-Identifier: Apache-2.0
#include "agent/policy.h"

namespace bellhop::agent {

Policy::Policy(const std::vector<std::string>& blocked, const std::vector<std::string>& allowed)
    : blocked_(blocked.begin(), blocked.end()), allowed_(allowed.begin(), allowed.end()) {}

bool Policy::allows(std::string_view command) const {
  if (blocks(command)) return false;
  return allowed_.empty() || allowed_.contains(command);
}

}  // namespace bellhop::agent
