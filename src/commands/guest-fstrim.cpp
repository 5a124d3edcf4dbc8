#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

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
      "How many bytes must lie together to be given back; fewer may be left. 0, all free "
      "blocks, when left out."));
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
      field<"trimmed", &PathResult::trimmed>("How many bytes were given back."),
      field<"minimum", &PathResult::minimum>("The minimum that the filesystem went by."),
      field<"error", &PathResult::error>("Why it could not be trimmed."));
}

struct Reply {
  std::vector<PathResult> paths;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestFilesystemTrimResponse">(
      field<"paths", &Reply::paths>("What came of each filesystem."));
}

// The wire's integers are signed; so are qemu-ga's.
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
        "Tells the disks of all local filesystems which blocks are not in use, so that the host "
        "can have them back. What lies on another filesystem is trimmed before it. A filesystem "
        "that cannot be trimmed has an error of its own: `trim not supported` when its kind or "
        "its disk cannot. ext4, xfs, btrfs and vfat can, on disks that take discards and on LVM; "
        "on LUKS only when it was opened so that it passes them on.",
    .since = "1.2",
    .access = Access::write,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
