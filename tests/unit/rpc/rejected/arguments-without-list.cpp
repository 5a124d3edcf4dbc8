// expect: where Arguments has fields_of\(\)
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
