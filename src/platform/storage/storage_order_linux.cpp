// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/storage_order_linux.h"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <utility>

#include "platform/storage/block_device_linux.h"
#include "platform/storage/btrfs_devices_linux.h"
#include "platform/storage/hidden_mounts_linux.h"
#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

using DeviceNumber = std::string;  // "7:0", as in /sys/dev/block

// A filesystem without a single disk has major number 0. Of these, only btrfs is on local disks.
bool has_disk(const Mount& mount) {
  return mount.device_major != 0 || mount.type == "btrfs";
}

DiskFilesystem filesystem_of(const Mount& mount) {
  DiskFilesystem filesystem;
  filesystem.mounted.mountpoint = mount.mountpoint;
  filesystem.mounted.type = mount.type;
  if (!mount.source.empty()) filesystem.mounted.devices.push_back(mount.source);
  filesystem.mounted.read_only = mount.read_only;
  filesystem.device_major = mount.device_major;
  filesystem.device_minor = mount.device_minor;
  filesystem.source = mount.source;
  return filesystem;
}

// The numbers of the devices that the filesystem is on.
std::vector<DeviceNumber> devices_of(const DiskFilesystem& filesystem, BtrfsDevices& btrfs) {
  if (filesystem.device_major == 0) return btrfs.numbers_of(filesystem.source);
  return {fmt::format("{}:{}", filesystem.device_major, filesystem.device_minor)};
}

std::optional<BlockDevice> find_device(const fs::path& system_root, const DeviceNumber& number) {
  return BlockDevice::find(system_root, fs::path("sys/dev/block") / number);
}

using Node = std::size_t;
// Graph of filesystems and block devices, with an edge from each node to what it lies on. The
// filesystems are the first nodes, in the caller's order.
class StorageOrder {
 public:
  StorageOrder(const std::vector<DiskFilesystem>& filesystems, const fs::path& system_root)
      : system_root_(system_root),
        count_(filesystems.size()),
        dependencies_(count_),
        in_degree_(count_),
        btrfs_(system_root) {
    for (Node node = 0; node < count_; ++node) {
      for (const auto& place : filesystems[node].mounted.places) at_[place.path].push_back(node);
    }
    for (Node node = 0; node < count_; ++node) add_disks_of(node, filesystems[node]);
    while (!unread_.empty()) {
      const auto [device, number] = std::move(unread_.back());
      unread_.pop_back();
      add_base_of(device, number);
    }
  }

  // Topological order of the filesystems: each before what it lies on; among ready nodes the latest
  // mounted comes first.
  std::vector<Node> topological_order() {
    for (Node node = 0; node < dependencies_.size(); ++node) {
      if (in_degree_[node] == 0) ready_.push(node);
    }
    std::vector<Node> order;
    std::vector<bool> taken(dependencies_.size());
    Node last = count_;  // all filesystems from this index on are taken
    while (order.size() < count_) {
      while (last > 0 && taken[last - 1]) --last;
      // No node is ready if the remaining nodes form a cycle.
      const Node node = ready_.empty() ? last - 1 : ready_.top();
      if (!ready_.empty()) ready_.pop();
      if (taken[node]) continue;
      taken[node] = true;
      if (node < count_) order.push_back(node);
      for (const Node base : dependencies_[node]) {
        if (--in_degree_[base] == 0) ready_.push(base);
      }
    }
    return order;
  }

 private:
  void add_edge(Node from, Node to) {
    dependencies_[from].push_back(to);
    ++in_degree_[to];
  }

  Node device(const DeviceNumber& number) {
    const auto [at, is_new] = devices_.try_emplace(number, dependencies_.size());
    if (is_new) {
      dependencies_.emplace_back();
      in_degree_.push_back(0);
      unread_.emplace_back(at->second, number);
    }
    return at->second;
  }

  void add_disks_of(Node node, const DiskFilesystem& filesystem) {
    for (const DeviceNumber& number : devices_of(filesystem, btrfs_)) {
      add_edge(node, device(number));
    }
  }

  void add_base_of(Node node, const DeviceNumber& number) {
    const auto block = find_device(system_root_, number);
    if (!block) return;
    auto below = block->slaves().value_or(std::vector<BlockDevice>());
    if (auto disk = block->disk()) below.push_back(*std::move(disk));
    for (const BlockDevice& one : below) {
      if (const auto its_number = one.number()) add_edge(node, device(*its_number));
    }
    if (const auto file = block->attribute("loop/backing_file")) add_hosts_of(node, *file);
  }

  // The file lies on the filesystem that is mounted at its nearest parent directory. If several are
  // mounted there, it may be any of them.
  void add_hosts_of(Node node, const std::string& file) {
    for (fs::path directory = fs::path(file).parent_path();; directory = directory.parent_path()) {
      if (const auto hosts = at_.find(directory.string()); hosts != at_.end()) {
        for (const Node host : hosts->second) add_edge(node, host);
        return;
      }
      if (!directory.has_relative_path()) return;
    }
  }

  const fs::path& system_root_;
  const std::size_t count_;                      // number of filesystems
  std::vector<std::vector<Node>> dependencies_;  // per node: what it lies on
  std::vector<std::size_t> in_degree_;           // per node: unprocessed nodes on top of it
  std::map<std::string, std::vector<Node>> at_;  // filesystems by mountpoint
  std::map<DeviceNumber, Node> devices_;
  std::vector<std::pair<Node, DeviceNumber>> unread_;
  BtrfsDevices btrfs_;
  // Highest node first: devices before filesystems, the latest mounted filesystem before others.
  std::priority_queue<Node> ready_;
};

}  // namespace

std::vector<DiskFilesystem> disk_filesystems(std::istream& table) {
  std::vector<Mount> mounts;
  for (std::string line; std::getline(table, line);) {
    if (auto mount = parse_mountinfo_line(line)) mounts.push_back(*std::move(mount));
  }
  const HiddenMounts hidden(mounts);
  std::erase_if(mounts, [](const Mount& mount) { return !has_disk(mount); });
  std::vector<DiskFilesystem> found;
  for (const auto& its_mounts : mounts_by_filesystem(mounts)) {
    found.push_back(filesystem_of(*its_mounts.front()));
    for (const Mount* one : its_mounts)
      found.back().mounted.places.push_back(hidden.place_of(*one));
  }
  return found;
}

void add_device_names(std::vector<DiskFilesystem>& filesystems, const fs::path& system_root) {
  BtrfsDevices btrfs(system_root);
  for (DiskFilesystem& one : filesystems) {
    for (const DeviceNumber& number : devices_of(one, btrfs)) {
      const auto device = find_device(system_root, number);
      auto node = device ? device->node() : std::nullopt;
      if (node && *node != one.source) one.mounted.devices.push_back(*std::move(node));
    }
  }
}

std::vector<DiskFilesystem> sort_by_storage_order(std::vector<DiskFilesystem> filesystems,
                                                  const fs::path& system_root) {
  std::vector<Node> order = StorageOrder(filesystems, system_root).topological_order();
  std::ranges::reverse(order);
  std::vector<DiskFilesystem> sorted;
  sorted.reserve(filesystems.size());
  for (const Node node : order) sorted.push_back(std::move(filesystems[node]));
  return sorted;
}

}  // namespace bellhop::platform
