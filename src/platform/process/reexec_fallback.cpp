// SPDX-License-Identifier: Apache-2.0
#include "platform/process/reexec.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Error exec_in_place(const ExecRequest&) {
  return unsupported().error();
}

void name_process(const std::string&) {}

Result<std::string> executable_path(const std::string&, const std::string&) {
  return unsupported();
}

Handle claim_inherited(std::int64_t) {
  return {};
}

std::optional<Handle> claim_inherited_variable(const char*) {
  return std::nullopt;
}

void close_inherited() {}

}  // namespace bellhop::platform
