// Character devices that lead to the host.
#pragma once

#include <string>

#include "base/error.h"
#include "platform/io/unique_fd.h"

namespace bellhop::platform {

// A virtio-serial port, non-blocking.
Result<UniqueFd> open_virtio_port(const std::string& path);

// A serial line, non-blocking and raw: 38400 baud as qemu-ga sets it, modem lines ignored.
Result<UniqueFd> open_serial_line(const std::string& path);

}  // namespace bellhop::platform
