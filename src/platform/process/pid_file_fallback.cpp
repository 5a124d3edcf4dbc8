#include <utility>

#include "platform/process/pid_file.h"

namespace bellhop::platform {

Result<PidFile> PidFile::create(std::string path) {
  return failure("Could not create '{}': not supported on this system", path);
}

PidFile PidFile::restore(std::string path, Handle descriptor) {
  return PidFile(std::move(path), std::move(descriptor), current_pid());
}

PidFile::PidFile(std::string path, Handle fd, ProcessId owner)
    : path_(std::move(path)), fd_(std::move(fd)), owner_(owner) {}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::move(other.fd_)), owner_(other.owner_) {}

PidFile::~PidFile() = default;

}  // namespace bellhop::platform
