// SPDX-License-Identifier: Apache-2.0
#include "platform/process/program_file.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<ProgramFile> ProgramFile::open(std::string) {
  return unsupported();
}

Result<void> ProgramFile::check_unchanged() const {
  return unsupported();
}

}  // namespace bellhop::platform
