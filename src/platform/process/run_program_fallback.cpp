// SPDX-License-Identifier: Apache-2.0
#include "platform/process/run_program.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<ProgramRun> run_program(Processes&, ProcessRequest, const RunLimits&) {
  return unsupported();
}

}  // namespace bellhop::platform
