#include "platform/process/reexec.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Error exec_in_place(const ExecRequest&) {
  return unsupported().error();
}

Result<std::string> executable_path(const std::string&, const std::string&) {
  return unsupported();
}

std::int64_t current_pid() {
  return 0;
}

Handle claim_inherited(int) {
  return {};
}

void close_inherited() {}

void block_signals(std::span<const int>) {}

void unblock_signals(std::span<const int>) {}

}  // namespace bellhop::platform
