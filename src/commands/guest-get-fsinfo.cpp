// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <utility>

#include "agent/services.h"
#include "base/path.h"
#include "commands/disk_address.h"
#include "platform/storage/mounted_filesystems.h"
#include "rpc/command.h"
#include "state/statvfs_pool.h"

namespace bellhop::platform {

constexpr auto fields_of(const MountedFilesystem*) {
  return fields<"GuestFilesystemInfo">(
      field<"name", &MountedFilesystem::name>("The device, such as `sda1` or `dm-0`."),
      field<"mountpoint", &MountedFilesystem::mountpoint>("The mountpoint."),
      field<"type", &MountedFilesystem::type>("The filesystem type, such as `ext4`."),
      field<"used-bytes", &MountedFilesystem::used_bytes>("Bytes in use."),
      field<"total-bytes", &MountedFilesystem::total_bytes>(
          "Its size for users who are not privileged, in bytes."),
      field<"total-bytes-privileged", &MountedFilesystem::total_bytes_privileged>(
          "Its size for privileged users, in bytes."),
      field<"disk", &MountedFilesystem::disk>(
          "The disks or partitions that the filesystem lies on, through all layers of device "
          "mapper, md and btrfs; empty if none of them is hardware, as with loop devices."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::MountedFilesystem>> run(CommandContext& context, const Nothing&) {
  TRY_ASSIGN(auto filesystems, platform::mounted_filesystems(context.services.system_root));
  std::vector<state::StatvfsPool::Query> queries;
  queries.reserve(filesystems.size());
  for (auto& filesystem : filesystems) {
    for (platform::MountPlace& place : filesystem.places) {
      const std::filesystem::path path = path_from_utf8(place.path);
      place.path = to_utf8(context.services.system_root / path.relative_path());
    }
    queries.push_back({.mount_id = filesystem.mount_id,
                       .places = std::move(filesystem.places),
                       .may_block = filesystem.may_block});
  }
  const auto sizes = context.services.statvfs_pool.query(queries);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (!sizes[i]) continue;
    filesystems[i].used_bytes = sizes[i]->used_bytes;
    filesystems[i].total_bytes = sizes[i]->total_bytes;
    filesystems[i].total_bytes_privileged = sizes[i]->total_bytes_privileged;
  }
  return filesystems;
}

}  // namespace

extern constinit const Command guest_get_fsinfo = declare<run>({
    .name = "guest-get-fsinfo",
    .documentation =
        "Returns the mounted filesystems that lie on disks, the last mounted first. Each "
        "filesystem appears once, with the first mountpoint of its root; with its first mountpoint "
        "if only directories or files of it are mounted. Network, memory and FUSE filesystems, "
        "overlays, and filesystems with their own "
        "disk management (ZFS) are omitted. The sizes are missing if another filesystem "
        "is mounted over it, and if it does not answer, for example because it is mounted beneath "
        "a network filesystem whose server is "
        "unreachable. The agent waits at most 0.5 s for it (3 s for a local disk) and does not "
        "query it again until it has answered.",
    .since = "2.2",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
