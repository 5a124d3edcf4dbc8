// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/open_files.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::int64_t handle;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"handle", &Arguments::handle>("The handle that guest-file-open returned."));
}

Result<void> run(CommandContext& context, const Arguments& arguments) {
  return context.services.files.close(arguments.handle);
}

}  // namespace

extern constinit const Command guest_file_close = declare<run>({
    .name = "guest-file-close",
    .documentation =
        "Closes a file that guest-file-open opened. The handle is invalid afterwards, even if "
        "the operating system reports an error. Some network filesystems report errors of "
        "earlier writes here.",
    .since = "0.15.0",
    .access = Access::read,
});

}  // namespace bellhop::commands
