// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts/name_services.h"

namespace bellhop::platform {

void choose_name_services() {}

}  // namespace bellhop::platform
