#include "platform/program_image.h"

#include "platform/unsupported.h"

namespace bellhop::platform {

Error replace_program(const ProgramImage&) {
  return unsupported().error();
}

Result<std::string> program_path(const std::string&, const std::string&) {
  return unsupported();
}

std::int64_t process_number() {
  return 0;
}

UniqueFd take_inherited(int) {
  return {};
}

void close_inherited() {}

void hold_signals(std::span<const int>) {}

void let_signals_come(std::span<const int>) {}

}  // namespace bellhop::platform
