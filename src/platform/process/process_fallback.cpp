// SPDX-License-Identifier: Apache-2.0
#include "platform/process/process.h"

namespace bellhop::platform {

struct Processes::Runner {};

Processes::Processes() = default;
Processes::~Processes() = default;

Result<ProcessId> Processes::start(ProcessRequest request, std::shared_ptr<ProcessObserver>) {
  return failure("Failed to execute child process “{}” (not supported on this system)",
                 request.path);
}

std::vector<ProcessSnapshot> Processes::release() {
  return {};
}

Result<void> Processes::restore(ProcessSnapshot process) {
  return failure("cannot watch process {} (not supported on this system)", process.number);
}

std::int64_t Processes::descriptor_limit() const {
  return 0;
}

void Processes::set_descriptor_limit(std::int64_t) {}

}  // namespace bellhop::platform
