#include "platform/machine/this_system.h"

namespace bellhop::platform {

Systems this_system() {
  return Systems::none;
}

}  // namespace bellhop::platform
