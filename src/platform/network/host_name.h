// The name of this machine.
#pragma once

#include <string>

#include "base/error.h"

namespace bellhop::platform {

// As set on the system: with or without a domain, and empty when it was never set.
Result<std::string> host_name();

}  // namespace bellhop::platform
