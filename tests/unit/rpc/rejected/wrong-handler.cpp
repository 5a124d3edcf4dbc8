// expect: the handler must be `Result<Reply> run\(CommandContext&, const Arguments&\)`
#include "rpc/command.h"

namespace {
bellhop::Result<void> run(const bellhop::Nothing&) {
  return {};
}
}  // namespace

constexpr bellhop::Command command = bellhop::declare<run>({.name = "guest-x"});
