#include <utility>

#include "platform/process/pid_file.h"

namespace bellhop::platform {

Result<PidFile> PidFile::create(std::string path) {
  return failure("Could not create '{}': not supported on this system", path);
}

PidFile PidFile::restore(std::string path, Handle descriptor) {
  return PidFile(std::move(path), std::move(descriptor), current_pid());
}

PidFile::~PidFile() = default;

}  // namespace bellhop::platform
