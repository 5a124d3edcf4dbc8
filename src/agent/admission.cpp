// SPDX-License-Identifier: Apache-2.0
#include "agent/admission.h"

#include <algorithm>

#include "agent/policy.h"
#include "state/freeze/freeze.h"

namespace bellhop::agent {
namespace {

// An allow list that names the command allows it; a block list also blocks by what it stands in
// for.
bool is_allowed(const Policy& policy, const Facts& facts) {
  const auto is_blocked = [&](std::string_view name) {
    return !name.empty() && policy.blocks(name);
  };
  return policy.allows(facts.name) && std::ranges::none_of(facts.stands_in_for, is_blocked);
}

}  // namespace

Admission admission(const Services& services, const Facts& facts) {
  if (!is_allowed(services.policy, facts)) return Admission::forbidden;
  if (facts.served_while_frozen) return Admission::admitted;
  if (services.freeze.is_frozen()) return Admission::frozen;
  if (services.freeze.runs_owed_hooks()) return Admission::thawing;
  return Admission::admitted;
}

std::string_view reason(Admission admission) {
  switch (admission) {
    case Admission::admitted:
      return "";
    case Admission::forbidden:
      return "the command is not allowed";
    case Admission::frozen:
      return "the command is not allowed while filesystems are frozen";
    case Admission::thawing:
      return "the thaw hooks of an earlier freeze have not ended: call again later";
  }
  return "";
}

}  // namespace bellhop::agent
