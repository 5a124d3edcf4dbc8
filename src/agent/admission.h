// SPDX-License-Identifier: Apache-2.0
// Whether a command may run now.
#pragma once

#include <string_view>

#include "agent/services.h"
#include "rpc/command.h"

namespace bellhop::agent {

enum class Admission {
  admitted,
  forbidden,  // by the block list or the allow list
  frozen,     // the command does not run while filesystems are frozen
  thawing,    // nor before the thaw hooks have run that an earlier agent owed
};

// Why the command does not run, as a sentence's end.
std::string_view reason(Admission admission);

// Used by dispatch and by the list that guest-info returns. Thread-safe.
Admission admission(const Services& services, const Facts& facts);

}  // namespace bellhop::agent
