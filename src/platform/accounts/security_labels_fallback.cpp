#include "platform/accounts/security_labels.h"

namespace bellhop::platform {

// There is no SELinux on such a system, so there is nothing to do.
Result<void> restore_labels(const UserAccount&, std::vector<std::string>,
                            const std::filesystem::path&, std::chrono::milliseconds) {
  return {};
}

}  // namespace bellhop::platform
