// Which operating system this is.
#pragma once

#include "base/systems.h"

namespace bellhop::platform {

// One of Systems, or none.
Systems this_system();

}  // namespace bellhop::platform
