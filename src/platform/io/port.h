// Character devices that lead to the host.
#pragma once

#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// A virtio-serial port, non-blocking.
Result<Handle> open_virtio_port(const std::string& path);

// A serial line, non-blocking and raw: 38400 baud as qemu-ga sets it, modem lines ignored.
Result<Handle> open_serial_line(const std::string& path);

}  // namespace bellhop::platform
