#include "platform/process/drop_capabilities_posix.h"

namespace bellhop::platform {

bool drop_capabilities() {
  return true;  // without capabilities, root's privileges end with its uid
}

}  // namespace bellhop::platform
