// expect: this kind of field is for replies only
#include "rpc/command.h"

struct Arguments {};
constexpr auto fields_of(const Arguments*) {
  return bellhop::fields(bellhop::constant<"kind", std::int64_t{1}>("Always 1."));
}
bellhop::Result<void> run(bellhop::CommandContext&, const Arguments&) {
  return {};
}

constexpr bellhop::Command command = bellhop::declare<run>({.name = "guest-x"});
