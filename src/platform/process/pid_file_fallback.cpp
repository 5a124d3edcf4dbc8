// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "platform/process/pid_file.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<PidFile> PidFile::create(std::string path) {
  return failure("Could not create '{}': not supported on this system", path);
}

Result<ProcessId> PidFile::owner(const std::string&) {
  return unsupported();
}

PidFile PidFile::restore(std::string path, Handle descriptor) {
  return PidFile(std::move(path), std::move(descriptor), current_pid());
}

PidFile::~PidFile() = default;

}  // namespace bellhop::platform
