// A made /sys with block devices, for tests of what is read there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "unit/recorded_tree.h"

namespace bellhop::testing {

// Places are beneath sys/devices: "pci0000:00/0000:00:05.0/virtio2/block/vda". A device is named
// after the last part of its place.
class BlockDeviceTree : public RecordedTree {
 public:
  BlockDeviceTree() : RecordedTree({}) {}

  static std::string name_of(const std::string& place) {
    return place.substr(place.rfind('/') + 1);
  }

  // With a node of its name, and no number.
  void add_device(const std::string& place) const {
    add("sys/devices/" + place + "/uevent: DEVNAME=" + name_of(place) + "\\n");
  }
  // Also to be found by its number, "8:0", and its name.
  void add_device(const std::string& place, const std::string& number) const {
    add_device(place);
    add("sys/devices/" + place + "/dev: " + number + "\\n");
    link("sys/dev/block/" + number, place);
    link("sys/class/block/" + name_of(place), place);
  }
  // `place` is beneath that of its disk, which is there.
  void add_partition(const std::string& place, const std::string& number) const {
    add_device(place, number);
    add("sys/devices/" + place + "/partition: 1\\n");
  }
  void add_driver(const std::string& place, const std::string& driver) const {
    add("sys/devices/" + place + "/driver -> drivers/" + driver);
  }
  // What a device of device mapper or md is made of.
  void add_slaves(const std::string& place, const std::vector<std::string>& parts) const {
    for (const std::string& part : parts) {
      link("sys/devices/" + place + "/slaves/" + name_of(part), part);
    }
  }
  void add_btrfs(const std::string& uuid, const std::vector<std::string>& devices) const {
    for (const std::string& device : devices) {
      link("sys/fs/btrfs/" + uuid + "/devices/" + name_of(device), device);
    }
  }

 private:
  void link(const std::string& path, const std::string& place) const {
    add(path + " -> " + (root() / "sys/devices" / place).string());
  }
};

}  // namespace bellhop::testing
