// SPDX-License-Identifier: Apache-2.0
// Character devices that are connected to the host.
#pragma once

#include <string>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Opens a virtio-serial port, non-blocking. Fails when `path` is not a character device.
Result<Handle> open_virtio_port(const std::string& path);

// Opens a serial line, non-blocking and raw: 38400 baud as in qemu-ga, modem lines ignored.
Result<Handle> open_serial_line(const std::string& path);

}  // namespace bellhop::platform
