#include "platform/mounted_filesystems.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "platform/linux/block_device.h"
#include "platform/linux/disk_address.h"
#include "platform/linux/mountinfo.h"
#include "platform/linux/proc_table.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

// Whether a filesystem of this type is served by another computer or by a program.
bool is_served(std::string_view type) {
  constexpr std::array<std::string_view, 21> served = {
      "9p",    "afs",       "autofs", "beegfs", "ceph",  "cifs",   "coda",
      "gfs2",  "glusterfs", "gpfs",   "lustre", "ncpfs", "nfs",    "nfs4",
      "ocfs2", "orangefs",  "prl_fs", "smb3",   "smbfs", "vboxsf", "virtiofs"};
  return type == "fuse" || type == "fuseblk" || type.starts_with("fuse.") ||
         std::ranges::binary_search(served, type);
}

// Tells which mounts may have to wait for a served filesystem: one of such a kind, and all that are
// mounted somewhere beneath it, because the way to them leads through it.
class Waiting {
 public:
  explicit Waiting(const std::vector<Mount>& mounts) {
    for (const Mount& mount : mounts) {
      mounts_.insert_or_assign(mount.id, Known{mount.parent_id, is_served(mount.type), false});
    }
  }

  bool may_block(std::uint64_t id) {
    std::vector<Known*> path;
    bool answer = false;
    for (auto at = mounts_.find(id); at != mounts_.end(); at = mounts_.find(at->second.parent)) {
      Known& mount = at->second;
      answer = mount.waits;
      if (mount.waits || mount.final) break;
      mount.final = true;  // also ends a walk in a circle, which no real table has
      path.push_back(&mount);
    }
    for (Known* mount : path) mount->waits = answer;
    return answer;
  }

 private:
  struct Known {
    std::uint64_t parent;
    bool waits;
    bool final;  // whether `waits` takes the parents into account
  };
  std::unordered_map<std::uint64_t, Known> mounts_;
};

// The devices of btrfs filesystems, of which one can have several.
class BtrfsDevices {
 public:
  explicit BtrfsDevices(const fs::path& system_root) : system_root_(system_root) {}

  // Those of the filesystem that has a device, without that one. They are its paths beneath the
  // root, as BlockDevice::find() takes them.
  std::vector<fs::path> others(const std::string& device) {
    if (!filesystems_) read();
    const auto found = filesystem_of_.find(device);
    if (found == filesystem_of_.end()) return {};
    std::vector<fs::path> paths;
    const auto& [directory, devices] = (*filesystems_)[found->second];
    for (const std::string& name : devices) {
      if (name != device) paths.push_back(directory / name);
    }
    return paths;
  }

 private:
  struct Devices {
    fs::path directory;
    std::vector<std::string> names;
  };

  void read() {
    filesystems_.emplace();
    const fs::path all = "sys/fs/btrfs";
    for (const std::string& filesystem : names_in(system_root_ / all)) {
      const fs::path directory = all / filesystem / "devices";
      auto names = names_in(system_root_ / directory);
      for (const std::string& name : names) filesystem_of_.emplace(name, filesystems_->size());
      filesystems_->push_back({directory, std::move(names)});
    }
  }

  fs::path system_root_;
  std::optional<std::vector<Devices>> filesystems_;  // read when they are asked for
  std::unordered_map<std::string, std::size_t> filesystem_of_;
};

// Gives a btrfs, whose own device number tells nothing, that of its device. False when that is no
// device.
bool resolve_device(const fs::path& system_root, Mount& mount) {
  const fs::path node = system_root / fs::path(mount.source).relative_path();
  struct stat status{};
  if (::stat(node.c_str(), &status) == 0 && S_ISBLK(status.st_mode)) {
    mount.device_major = major(status.st_rdev);
    mount.device_minor = minor(status.st_rdev);
    return true;
  }
  // Without a usable node, as in a container, its name may still be that of a device.
  const auto number =
      read_attribute(system_root / "sys/class/block" / node.filename() / "dev").value_or("");
  const std::size_t colon = number.find(':');
  const auto device_major = number_in<unsigned int>(std::string_view(number).substr(0, colon));
  if (colon == number.npos || !device_major) return false;
  const auto device_minor = number_in<unsigned int>(std::string_view(number).substr(colon + 1));
  if (!device_minor) return false;
  mount.device_major = *device_major;
  mount.device_minor = *device_minor;
  return true;
}

MountedFilesystem describe(const fs::path& system_root, Mount mount, BtrfsDevices& btrfs) {
  MountedFilesystem filesystem;
  filesystem.mountpoint = std::move(mount.mountpoint);
  filesystem.type = std::move(mount.type);
  filesystem.mount_id = mount.id;
  const std::string number = fmt::format("{}:{}", mount.device_major, mount.device_minor);
  const auto device = BlockDevice::find(system_root, fs::path("sys/dev/block") / number);
  filesystem.name = device ? device->name() : number;
  if (!device) return filesystem;
  filesystem.disks = disks_beneath(*device);
  if (filesystem.type == "btrfs") {
    for (const fs::path& path : btrfs.others(device->name())) {
      const auto other = BlockDevice::find(system_root, path);
      if (other) std::ranges::move(disks_beneath(*other), std::back_inserter(filesystem.disks));
    }
  }
  return filesystem;
}

}  // namespace

Result<std::vector<MountedFilesystem>> mounted_filesystems(const fs::path& system_root) {
  const auto table = read_proc_table(system_root, "proc/self/mountinfo");
  if (!table) return std::unexpected(table.error());
  std::vector<Mount> mounts;
  for (const std::string& line : *table) {
    if (auto mount = parse_mountinfo_line(line)) mounts.push_back(*std::move(mount));
  }
  Waiting waiting(mounts);
  BtrfsDevices btrfs(system_root);
  std::set<std::pair<unsigned int, unsigned int>> seen;
  std::vector<MountedFilesystem> filesystems;
  for (Mount& mount : mounts) {
    if (mount.device_major == 0 && (mount.type != "btrfs" || !resolve_device(system_root, mount))) {
      continue;
    }
    if (!seen.emplace(mount.device_major, mount.device_minor).second) continue;
    filesystems.push_back(describe(system_root, std::move(mount), btrfs));
    filesystems.back().may_block = waiting.may_block(filesystems.back().mount_id);
  }
  std::ranges::reverse(filesystems);
  return filesystems;
}

std::optional<FilesystemSize> filesystem_size(const fs::path& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) return std::nullopt;
  const std::uint64_t block = status.f_frsize;
  const std::uint64_t used = status.f_blocks - status.f_bfree;
  return FilesystemSize{.used = used * block,
                        .total = (used + status.f_bavail) * block,
                        .total_privileged = status.f_blocks * block};
}

}  // namespace bellhop::platform
