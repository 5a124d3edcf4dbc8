// expect: the reply's type has no form on the wire
// SPDX-License-Identifier: Apache-2.0
#include "rpc/command.h"

namespace {
bellhop::Result<float> run(bellhop::CommandContext&, const bellhop::Nothing&) {
  return 1.0F;
}
}  // namespace

constexpr bellhop::Command command = bellhop::declare<run>({.name = "guest-x"});
