// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "base/version.h"
#include "rpc/command.h"
#include "rpc/schema.h"

namespace bellhop::commands {
namespace {

Result<AnyJson> run(CommandContext& context, const Nothing&) {
  return AnyJson{[&context](wire::JsonWriter& writer) {
    write_schema(writer, context.services.commands, program_version);
  }};
}

}  // namespace

extern constinit const Command bellhop_schema = declare<run>({
    .name = "bellhop-schema",
    .documentation =
        "Returns the schema of all commands: what each does, the access it requires, and its "
        "arguments and reply as JSON Schema. `bellhopd --schema` prints the same schema.",
    .since = "bellhop 0.1",
    .access = Access::none,
    .runs = Runs::inline_on_loop,
});

}  // namespace bellhop::commands
