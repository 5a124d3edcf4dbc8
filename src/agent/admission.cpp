// SPDX-License-Identifier: Apache-2.0
#include "agent/admission.h"

#include "agent/policy.h"
#include "state/freeze/freeze.h"

namespace bellhop::agent {

Admission admission(const Services& services, const Facts& facts) {
  if (!services.policy.allows(facts.name)) return Admission::forbidden;
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
