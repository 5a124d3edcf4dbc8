#include "platform/machine/this_system.h"

namespace bellhop::platform {

Systems this_system() {
  return Systems::on_linux;
}

}  // namespace bellhop::platform
