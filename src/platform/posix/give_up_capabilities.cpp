#include "platform/posix/give_up_capabilities.h"

namespace bellhop::platform {

bool give_up_capabilities() {
  return true;  // without capabilities, root's power goes with its number
}

}  // namespace bellhop::platform
