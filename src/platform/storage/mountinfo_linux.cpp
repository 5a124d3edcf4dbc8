// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/mountinfo_linux.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

#include "base/text.h"

namespace bellhop::platform {
namespace {

bool is_octal(char digit) {
  return digit >= '0' && digit <= '7';
}

// The kernel escapes blanks, line feeds, '#' and backslashes as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) &&
        is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The subvolume of a mount of a btrfs, from the options of the filesystem, of which it is the last;
// "/" for kernels that do not report it.
std::string subvolume(std::string_view options) {
  constexpr std::string_view option = ",subvol=";
  const std::size_t at = options.find(option);
  return at == std::string_view::npos ? "/" : unescape(options.substr(at + option.size()));
}

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

std::optional<std::pair<unsigned int, unsigned int>> parse_device_number(std::string_view text) {
  const auto parts = text::split_once(text, ':');
  if (!parts) return std::nullopt;
  const auto major = text::parse_number<unsigned int>(parts->first);
  const auto minor = text::parse_number<unsigned int>(parts->second);
  if (!major || !minor) return std::nullopt;
  return std::pair(*major, *minor);
}

std::optional<Mount> parse_mountinfo_line(std::string_view line) {
  // Fields end at a single space, so a field may be empty.
  const auto next_field = [&] { return text::consume_until(line, ' '); };
  const auto id = text::parse_number<std::uint64_t>(next_field());
  const auto parent_id = text::parse_number<std::uint64_t>(next_field());
  const auto device = parse_device_number(next_field());
  if (!id || !parent_id || !device) return std::nullopt;
  Mount mount{.id = *id,
              .parent_id = *parent_id,
              .device_major = device->first,
              .device_minor = device->second};
  const std::string root = unescape(next_field());  // of the mount, within the filesystem
  mount.mountpoint = unescape(next_field());
  if (mount.mountpoint.empty()) return std::nullopt;
  next_field();  // mount options
  // Skips the optional fields; a dash ends them.
  while (!line.empty() && next_field() != "-") {
  }
  mount.type = unescape(next_field());
  if (mount.type.empty()) return std::nullopt;
  mount.source = unescape(next_field());
  mount.read_only = line == "ro" || line.starts_with("ro,");
  mount.is_of_root = root == (mount.type == "btrfs" ? subvolume(line) : "/");
  return mount;
}

std::vector<std::vector<const Mount*>> mounts_by_filesystem(const std::vector<Mount>& mounts) {
  std::vector<std::vector<const Mount*>> filesystems;
  std::map<std::pair<unsigned int, unsigned int>, std::size_t> known;
  for (const Mount& mount : mounts) {
    const auto [at, is_new] =
        known.try_emplace({mount.device_major, mount.device_minor}, filesystems.size());
    if (is_new) filesystems.emplace_back();
    filesystems[at->second].push_back(&mount);
  }
  for (auto& filesystem : filesystems) {
    // Not std::stable_partition: that of libstdc++ 12 uses what C++17 deprecates.
    const auto all = std::exchange(filesystem, {});
    for (const bool of_root : {true, false}) {
      std::ranges::copy_if(all, std::back_inserter(filesystem),
                           [&](const Mount* mount) { return mount->is_of_root == of_root; });
    }
  }
  return filesystems;
}

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
