#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/services.h"
#include "commands/disk_address.h"
#include "platform/storage/mounted_filesystems.h"
#include "rpc/command.h"
#include "state/statvfs_pool.h"

namespace bellhop::commands {
namespace {

struct Filesystem {
  std::string name;
  std::string mountpoint;
  std::string type;
  std::optional<std::uint64_t> used_bytes;
  std::optional<std::uint64_t> total_bytes;
  std::optional<std::uint64_t> total_bytes_privileged;
  std::vector<DiskAddress> disk;
};

constexpr auto fields_of(const Filesystem*) {
  return fields<"GuestFilesystemInfo">(
      field<"name", &Filesystem::name>("The device, as `sda1` or `dm-0`."),
      field<"mountpoint", &Filesystem::mountpoint>("Where it is mounted."),
      field<"type", &Filesystem::type>("Its type, as `ext4`."),
      field<"used-bytes", &Filesystem::used_bytes>("Bytes in use."),
      field<"total-bytes", &Filesystem::total_bytes>(
          "Its size for users who are not privileged, in bytes."),
      field<"total-bytes-privileged", &Filesystem::total_bytes_privileged>(
          "Its size for privileged users, in bytes."),
      field<"disk", &Filesystem::disk>(
          "The disks or partitions that it lies on, through all layers of device mapper, md and "
          "btrfs; empty when none of them is hardware, as with loop devices."));
}

Filesystem describe(platform::MountedFilesystem&& filesystem,
                    const std::optional<platform::FilesystemSize>& size) {
  Filesystem form{.name = std::move(filesystem.name),
                  .mountpoint = std::move(filesystem.mountpoint),
                  .type = std::move(filesystem.type)};
  if (size) {
    form.used_bytes = size->used;
    form.total_bytes = size->total;
    form.total_bytes_privileged = size->total_privileged;
  }
  form.disk.reserve(filesystem.disks.size());
  for (auto& disk : filesystem.disks) form.disk.push_back(wire_form(std::move(disk)));
  return form;
}

Result<std::vector<Filesystem>> run(CommandContext& context, const Nothing&) {
  auto filesystems = platform::mounted_filesystems(context.services.system_root);
  if (!filesystems) return std::unexpected(std::move(filesystems).error());
  std::vector<state::StatvfsPool::Query> queries;
  queries.reserve(filesystems->size());
  for (const auto& filesystem : *filesystems) {
    const std::filesystem::path mountpoint = filesystem.mountpoint;
    queries.push_back({.mount_id = filesystem.mount_id,
                       .path = context.services.system_root / mountpoint.relative_path(),
                       .may_block = filesystem.may_block});
  }
  const auto sizes = context.services.statvfs_pool.query(queries);
  std::vector<Filesystem> reply;
  reply.reserve(filesystems->size());
  for (std::size_t i = 0; i < filesystems->size(); ++i) {
    reply.push_back(describe(std::move((*filesystems)[i]), sizes[i]));
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_get_fsinfo = declare<run>({
    .name = "guest-get-fsinfo",
    .documentation =
        "Returns the mounted filesystems that lie on disks, the last mounted first. Each one is "
        "there once, by its first mountpoint, which guest-fsfreeze-freeze-list takes. Filesystems "
        "of networks, of memory and of programs (fuse), overlays, and those that bring their own "
        "disk management (ZFS) are left out. The sizes are missing when a filesystem does not "
        "answer, as when it is mounted beneath a network filesystem whose server is gone: it is "
        "waited for at most half a second (3 s for a local disk), and not asked again before it "
        "answers.",
    .since = "2.2",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
