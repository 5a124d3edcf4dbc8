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

// Nothing is buffered: a write is in the file when its reply is sent. Acquiring the lease waits for
// earlier writes.
Result<void> run(CommandContext& context, const Arguments& arguments) {
  TRY(context.services.files.acquire(arguments.handle));
  return {};
}

}  // namespace

extern constinit const Command guest_file_flush = declare<run>({
    .name = "guest-file-flush",
    .documentation =
        "Checks that the handle exists and has no other effect. guest-file-write replies when "
        "its bytes are in the file, where every program of the guest sees them. As with qemu-ga, "
        "the bytes need not be on the disk at that time.",
    .since = "0.15.0",
    .access = Access::read,
});

}  // namespace bellhop::commands
