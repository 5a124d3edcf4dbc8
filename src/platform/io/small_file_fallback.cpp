#include "platform/io/small_file.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::optional<std::string>> read_small_file(const std::string&) {
  return unsupported();
}

Result<void> replace_small_file(const std::string&, std::string_view) {
  return unsupported();
}

}  // namespace bellhop::platform
