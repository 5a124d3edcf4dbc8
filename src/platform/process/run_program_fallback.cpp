#include "platform/process/run_program.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<ProgramRun> run_program(Processes&, ProcessRequest, const RunLimits&) {
  return unsupported();
}

std::optional<std::string> find_program(std::string_view) {
  return std::nullopt;
}

}  // namespace bellhop::platform
