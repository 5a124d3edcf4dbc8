// SPDX-License-Identifier: Apache-2.0
#include "platform/process/upgrade_request.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<std::string> request_upgrade(ProcessId, std::chrono::seconds) {
  return unsupported();
}

Handle open_requester(ProcessId, std::int64_t) {
  return {};
}

void report_upgrade(const Handle&, const Result<std::string>&) {}

}  // namespace bellhop::platform
