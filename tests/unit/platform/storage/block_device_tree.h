// SPDX-License-Identifier: Apache-2.0
// A fake /sys with block devices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "unit/recorded_tree.h"

namespace bellhop::testing {

// A `place` is a path in sys/devices, such as "pci0000:00/0000:00:05.0/virtio2/block/vda". Its last
// part is the name of the device.
class BlockDeviceTree : public RecordedTree {
 public:
  BlockDeviceTree() : RecordedTree({}) {}

  static std::string name_of(const std::string& place) {
    return place.substr(place.rfind('/') + 1);
  }

  // Adds a device with a node in /dev, but without a number.
  void add_device(const std::string& place) const {
    add("sys/devices/" + place + "/uevent: DEVNAME=" + name_of(place) + "\\n");
  }
  // Adds a device that can be found by its number, such as "8:0", and by its name.
  void add_device(const std::string& place, const std::string& number) const {
    add_device(place);
    add("sys/devices/" + place + "/dev: " + number + "\\n");
    link("sys/dev/block/" + number, place);
    link("sys/class/block/" + name_of(place), place);
  }
  // `place` is in that of its disk, which must exist.
  void add_partition(const std::string& place, const std::string& number) const {
    add_device(place, number);
    add("sys/devices/" + place + "/partition: 1\\n");
  }
  void add_driver(const std::string& place, const std::string& driver) const {
    add("sys/devices/" + place + "/driver -> drivers/" + driver);
  }
  // Adds the underlying devices of a device of device mapper or md.
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
