// expect: the handler must be `Result<Reply> run\(CommandContext&, const Arguments&\)`
// SPDX-License-Identifier: Apache-2.0
#include "rpc/command.h"

namespace {
bellhop::Result<void> run(const bellhop::Nothing&) {
  return {};
}
}  // namespace

constexpr bellhop::Command command = bellhop::declare<run>({.name = "guest-x"});
