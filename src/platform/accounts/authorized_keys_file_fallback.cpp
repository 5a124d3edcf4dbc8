// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "platform/accounts/authorized_keys_file.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

AuthorizedKeysFile::AuthorizedKeysFile(UserAccount user, std::chrono::milliseconds limit, Hook hook)
    : user_(std::move(user)), limit_(limit), hook_(std::move(hook)) {}

Result<AuthorizedKeysContent> AuthorizedKeysFile::read() const {
  return unsupported();
}

Result<bool> AuthorizedKeysFile::replace(std::string_view,
                                         const std::optional<FileVersion>&) const {
  return unsupported();
}

}  // namespace bellhop::platform
