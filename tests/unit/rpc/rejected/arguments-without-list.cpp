// expect: where Arguments has fields_of\(\)
// SPDX-License-Identifier: Apache-2.0
#include "rpc/command.h"

namespace {
struct Arguments {
  std::int64_t handle;
};
bellhop::Result<void> run(bellhop::CommandContext&, const Arguments&) {
  return {};
}
}  // namespace

constexpr bellhop::Command command = bellhop::declare<run>({.name = "guest-x"});
