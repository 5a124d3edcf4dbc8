// SPDX-License-Identifier: Apache-2.0
#include <ranges>

#include "agent/services.h"
#include "platform/storage/local_filesystems.h"
#include "rpc/command.h"
#include "state/freeze/freeze.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::optional<std::int64_t> minimum;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"minimum", &Arguments::minimum>(
      "Minimum length of a contiguous free range to discard, in bytes; shorter ranges may be "
      "left. Default: 0, all free blocks."));
}

struct PathResult {
  std::string path;
  std::optional<std::int64_t> trimmed = {};
  std::optional<std::int64_t> minimum = {};
  std::optional<std::string> error = {};
};

constexpr auto fields_of(const PathResult*) {
  return fields<"GuestFilesystemTrimResult">(
      field<"path", &PathResult::path>("The filesystem's mountpoint."),
      field<"trimmed", &PathResult::trimmed>("Number of bytes discarded."),
      field<"minimum", &PathResult::minimum>("The minimum that the filesystem used, in bytes."),
      field<"error", &PathResult::error>("The reason why the filesystem could not be trimmed."));
}

struct Reply {
  std::vector<PathResult> paths;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestFilesystemTrimResponse">(
      field<"paths", &Reply::paths>("The result for each filesystem."));
}

// Integers in the protocol are signed, as in qemu-ga.
std::int64_t as_signed(std::uint64_t bytes) {
  return static_cast<std::int64_t>(bytes);
}

PathResult trim(platform::Filesystems& filesystems, const platform::LocalFilesystem& mounted,
                std::int64_t minimum) {
  PathResult result{.path = mounted.mountpoint};
  const auto filesystem = filesystems.open(mounted);
  if (!filesystem) {
    result.error = "failed to open: " + filesystem.error().system.message();
  } else if (!*filesystem) {
    result.error = "failed to open: another filesystem is mounted over it";
  } else if (auto trimmed = (*filesystem)->trim(static_cast<std::uint64_t>(minimum))) {
    result.trimmed = as_signed(trimmed->bytes);
    result.minimum = as_signed(trimmed->minimum);
  } else {
    result.error = std::move(trimmed).error().message;
  }
  return result;
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  platform::Filesystems& filesystems = context.services.freeze.filesystems();
  TRY_ASSIGN(const auto all, filesystems.list());
  Reply reply;
  for (const platform::LocalFilesystem& one : std::views::reverse(all)) {
    reply.paths.push_back(trim(filesystems, one, arguments.minimum.value_or(0)));
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_fstrim = declare<run>({
    .name = "guest-fstrim",
    .documentation =
        "Reports the unused blocks of all local filesystems to their disks, so that the host can "
        "reclaim them. A filesystem that lies on another one is trimmed before it. A filesystem "
        "that cannot be trimmed has its own error: `trim not supported` if its type or its disk "
        "does not support it. ext4, xfs, btrfs and vfat support it, on disks that accept "
        "discards and on LVM; on LUKS only if it was opened so that it passes discards on.",
    .since = "1.2",
    .access = Access::write,
});

}  // namespace bellhop::commands
