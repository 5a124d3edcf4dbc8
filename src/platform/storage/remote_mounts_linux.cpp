#include "platform/storage/remote_mounts_linux.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace bellhop::platform {
namespace {

// Whether filesystems of this type depend on another computer or on a program.
bool is_remote_or_fuse(std::string_view type) {
  constexpr std::array<std::string_view, 21> remote = {
      "9p",    "afs",       "autofs", "beegfs", "ceph",  "cifs",   "coda",
      "gfs2",  "glusterfs", "gpfs",   "lustre", "ncpfs", "nfs",    "nfs4",
      "ocfs2", "orangefs",  "prl_fs", "smb3",   "smbfs", "vboxsf", "virtiofs"};
  static_assert(std::ranges::is_sorted(remote));
  return type == "fuse" || type == "fuseblk" || type.starts_with("fuse.") ||
         std::ranges::binary_search(remote, type);
}

}  // namespace

RemoteMounts::RemoteMounts(const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    mounts_.insert_or_assign(mount.id,
                             Known{mount.parent_id, is_remote_or_fuse(mount.type), false});
  }
}

bool RemoteMounts::may_block(std::uint64_t mount_id) {
  std::vector<Known*> path;
  bool answer = false;
  auto at = mounts_.find(mount_id);
  for (; at != mounts_.end(); at = mounts_.find(at->second.parent)) {
    Known& mount = at->second;
    answer = mount.waits;
    if (mount.waits || mount.final) break;
    mount.final = true;  // also ends the walk in a cycle, which no real table has
    path.push_back(&mount);
  }
  for (Known* mount : path) mount->waits = answer;
  return answer;
}

}  // namespace bellhop::platform
