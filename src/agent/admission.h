// Whether a command may run now.
#pragma once

#include "agent/services.h"
#include "rpc/command.h"

namespace bellhop::agent {

enum class Admission {
  admitted,
  forbidden,  // by the lists of commands in the configuration
  frozen,     // the command does not run while filesystems are frozen
};

// Decides for dispatch and for the list that guest-info returns. Thread-safe.
Admission admission(const Services& services, const Facts& facts);

}  // namespace bellhop::agent
