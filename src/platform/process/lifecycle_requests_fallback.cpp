// SPDX-License-Identifier: Apache-2.0
#include "platform/process/lifecycle_requests.h"

namespace bellhop::platform {

struct LifecycleRequests::State {};

LifecycleRequests::LifecycleRequests(asio::io_context&) {}

LifecycleRequests::~LifecycleRequests() = default;

void LifecycleRequests::hold_until_start() {}

// No request ever arrives: the operating system ends the process without notice.
Result<void> LifecycleRequests::start(Callbacks) {
  return {};
}

}  // namespace bellhop::platform
