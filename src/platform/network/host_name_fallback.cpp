#include "platform/network/host_name.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::string> host_name() {
  return unsupported();
}

}  // namespace bellhop::platform
