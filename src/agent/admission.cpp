// SPDX-License-Identifier: Apache-2.0
#include "agent/admission.h"

#include "agent/policy.h"
#include "state/freeze/freeze.h"

namespace bellhop::agent {

Admission admission(const Services& services, const Facts& facts) {
  if (!services.policy.allows(facts.name)) return Admission::forbidden;
  if (!facts.served_while_frozen && services.freeze.is_frozen()) return Admission::frozen;
  return Admission::admitted;
}

}  // namespace bellhop::agent
