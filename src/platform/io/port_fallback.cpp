// SPDX-License-Identifier: Apache-2.0
#include "platform/io/port.h"

namespace bellhop::platform {

Result<Handle> open_virtio_port(const std::string& path) {
  return failure("cannot open virtio-serial port '{}': not supported on this system", path);
}

Result<Handle> open_serial_line(const std::string& path) {
  return failure("cannot open serial line '{}': not supported on this system", path);
}

}  // namespace bellhop::platform
