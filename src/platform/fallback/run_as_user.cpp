#include "platform/run_as_user.h"

#include "platform/unsupported.h"

namespace bellhop::platform {

Result<void> run_as_user(const UserAccount&, std::chrono::milliseconds,
                         const std::function<void()>&) {
  return unsupported();
}

}  // namespace bellhop::platform
