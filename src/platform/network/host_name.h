// The host name of the guest.
#pragma once

#include <string>

#include "base/error.h"

namespace bellhop::platform {

// As configured, with or without a domain; empty if it was never set.
Result<std::string> host_name();

}  // namespace bellhop::platform
