// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/storage_order_linux.h"

#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <utility>

#include "platform/storage/block_device_linux.h"
#include "platform/storage/btrfs_devices_linux.h"
#include "platform/storage/mountinfo_linux.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

// A filesystem without a single disk has major number 0. Of these, only btrfs is on local disks.
bool has_disk(const Mount& mount) {
  return mount.device_major != 0 || mount.type == "btrfs";
}

DiskFilesystem filesystem_of(Mount mount) {
  DiskFilesystem filesystem;
  filesystem.mounted.mountpoint = std::move(mount.mountpoint);
  filesystem.mounted.read_only = mount.read_only;
  filesystem.device_major = mount.device_major;
  filesystem.device_minor = mount.device_minor;
  filesystem.source = std::move(mount.source);
  return filesystem;
}

using Node = std::size_t;
using DeviceNumber = std::string;  // "7:0", as in /sys/dev/block

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
    if (filesystem.device_major != 0) {
      const Node disk = device(std::to_string(filesystem.device_major) + ":" +
                               std::to_string(filesystem.device_minor));
      return add_edge(node, disk);
    }
    for (const DeviceNumber& number : btrfs_.numbers_of(filesystem.source)) {
      add_edge(node, device(number));
    }
  }

  void add_base_of(Node node, const DeviceNumber& number) {
    const auto block = BlockDevice::find(system_root_, fs::path("sys/dev/block") / number);
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
  std::vector<DiskFilesystem> found;
  std::map<std::pair<unsigned int, unsigned int>, std::size_t> known;
  for (std::string line; std::getline(table, line);) {
    std::optional<Mount> mount = parse_mountinfo_line(line);
    if (!mount || !has_disk(*mount)) continue;
    LocalFilesystem::Place place{.path = mount->mountpoint, .mount = mount->id};
    const auto [at, is_new] =
        known.try_emplace({mount->device_major, mount->device_minor}, found.size());
    if (is_new) found.push_back(filesystem_of(*std::move(mount)));
    found[at->second].mounted.places.push_back(std::move(place));
  }
  return found;
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
