// SPDX-License-Identifier: Apache-2.0
#include "platform/io/file.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::unique_ptr<File>> open_file(const std::string&, const FileMode&) {
  return unsupported();
}

std::unique_ptr<File> restore_file(Handle) {
  return nullptr;
}

}  // namespace bellhop::platform
