#include "platform/users.h"

#include "platform/unsupported.h"

namespace bellhop::platform {

std::string session_record_path() {
  return {};
}

Result<std::vector<LoggedInUser>> logged_in_users(const std::string&) {
  return unsupported();
}

}  // namespace bellhop::platform
