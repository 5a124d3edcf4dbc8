#include "platform/file.h"

#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::unique_ptr<File>> open_file(const std::string&, const FileMode&) {
  return unsupported();
}

}  // namespace bellhop::platform
