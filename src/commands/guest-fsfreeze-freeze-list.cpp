// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::optional<std::vector<std::string_view>> mountpoints;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"mountpoints", &Arguments::mountpoints>(
      "The mountpoints of the filesystems to freeze; each mountpoint of a filesystem stands for "
      "it. Default: all filesystems. A name that is no mountpoint is an error: nothing is frozen "
      "and no hook runs. Mountpoints of filesystems that cannot be frozen, such as tmpfs, are "
      "ignored."));
}

Result<std::int64_t> run(CommandContext& context, const Arguments& arguments) {
  std::optional<std::span<const std::string_view>> names;
  if (arguments.mountpoints) names = *arguments.mountpoints;
  return context.services.freeze.freeze(names);
}

}  // namespace

extern constinit const Command guest_fsfreeze_freeze_list = declare<run>({
    .name = "guest-fsfreeze-freeze-list",
    .documentation = "Freezes the named filesystems; otherwise like guest-fsfreeze-freeze.",
    .since = "2.2",
    .access = Access::power,
});

}  // namespace bellhop::commands
