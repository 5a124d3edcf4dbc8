// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>

#include <cerrno>

#include "platform/io/port.h"

namespace bellhop::platform {

Result<Handle> open_virtio_port(const std::string& path) {
  Handle fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return system_failure(errno, "cannot open virtio-serial port '{}'", path);
  // With a wrong path, a file's content must not become requests, nor replies be written into it.
  struct stat status;
  if (::fstat(fd.get(), &status) != 0 || !S_ISCHR(status.st_mode)) {
    return failure("cannot open virtio-serial port '{}': it is not a character device", path);
  }
  return fd;
}

Result<Handle> open_serial_line(const std::string& path) {
  Handle fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return system_failure(errno, "cannot open serial line '{}'", path);
  termios line{};
  if (tcgetattr(fd.get(), &line) != 0) {
    return system_failure(errno, "cannot read the settings of '{}', is it a serial line", path);
  }
  cfmakeraw(&line);
  // CLOCAL: the line must not stay hung up after the host has closed its end.
  line.c_cflag |= CREAD | CLOCAL;
  line.c_cc[VMIN] = 1;
  line.c_cc[VTIME] = 0;
  cfsetspeed(&line, B38400);
  tcflush(fd.get(), TCIFLUSH);
  if (tcsetattr(fd.get(), TCSANOW, &line) != 0) {
    return system_failure(errno, "cannot set up serial line '{}'", path);
  }
  return fd;
}

}  // namespace bellhop::platform
