#include "platform/io/socket_family.h"

namespace bellhop::platform {

Result<SocketFamily> socket_family(NativeHandle) {
  return SocketFamily::other;
}

}  // namespace bellhop::platform
