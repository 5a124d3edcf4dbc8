#include "platform/process.h"

namespace bellhop::platform {

class Processes::Runner {};

Processes::Processes() = default;
Processes::~Processes() = default;

Result<std::int64_t> Processes::start(ProcessRequest request, std::shared_ptr<ProcessObserver>) {
  return failure("Failed to execute child process “{}” (not supported on this system)",
                 request.path);
}

}  // namespace bellhop::platform
