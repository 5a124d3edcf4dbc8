// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "platform/storage/disk_address_linux.h"
#include "unit/platform/storage/block_device_tree.h"

namespace bellhop::platform {
namespace {

// A disk at a path in /sys/devices.
class DiskAddressTest : public ::testing::Test {
 protected:
  void disk(const std::string& place) {
    place_ = place;
    tree_.add_device(place);
  }
  void driver(const std::string& place, const std::string& name) { tree_.add_driver(place, name); }
  std::optional<BlockDevice> device() {
    return BlockDevice::find(tree_.root(), "sys/devices/" + place_);
  }
  DiskAddress address() {
    const auto found = device();
    EXPECT_TRUE(found);
    const auto address = found ? disk_address(*found) : std::nullopt;
    EXPECT_TRUE(address);
    return address.value_or(DiskAddress{});
  }
  static std::string text(const PciAddress& pci) {
    return fmt::format("{:x}:{:x}:{:x}.{:x}", pci.domain, pci.bus, pci.slot, pci.function);
  }
  static std::string text(const DiskAddress& address) {
    return fmt::format("{} {} {}/{}/{}", text(address.pci_controller),
                       static_cast<int>(address.bus_type), address.bus, address.target,
                       address.unit);
  }
  static std::string text(std::string_view pci, DiskBus type, std::string_view rest) {
    return fmt::format("{} {} {}", pci, static_cast<int>(type), rest);
  }

  bellhop::testing::BlockDeviceTree tree_;
  std::string place_;
};

constexpr std::string_view no_pci = "-1:-1:-1.-1";

TEST_F(DiskAddressTest, SupportsAPciDomainWithMoreThanFourDigits) {
  disk("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:1d.7/nvme/nvme0/nvme0n1");
  driver("pci0000:00/0000:00:0e.0", "vmd");
  driver("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:1d.7", "nvme");
  EXPECT_EQ(text(address()), text("10000:e0:1d.7", DiskBus::nvme, "0/0/0"));
}

TEST_F(DiskAddressTest, SupportsPciOnArm) {
  const std::string pci = "platform/4010000000.pcie/pci0000:00/0000:00:02.0/0000:03:00.0";
  disk(pci + "/virtio1/block/vda");
  driver(pci, "virtio-pci");
  EXPECT_EQ(text(address()), text("0:3:0.0", DiskBus::virtio, "0/0/0"));
}

TEST_F(DiskAddressTest, SupportsVirtioWithoutPci) {
  disk("platform/a003e00.virtio_mmio/virtio0/block/vda");
  EXPECT_EQ(text(address()), text(no_pci, DiskBus::virtio, "0/0/0"));
}

TEST_F(DiskAddressTest, SupportsScsiOnVirtioWithoutPci) {
  disk("platform/a003e00.virtio_mmio/virtio0/host0/target0:0:2/0:0:2:7/block/sda");
  EXPECT_EQ(text(address()), text(no_pci, DiskBus::scsi, "0/2/7"));
}

TEST_F(DiskAddressTest, SupportsVirtioOnS390) {
  disk("css0/0.0.0012/0.1.06ab/virtio1/block/vda");
  const DiskAddress found = address();
  EXPECT_EQ(text(found), text(no_pci, DiskBus::virtio, "0/0/0"));
  ASSERT_TRUE(found.ccw_address);
  EXPECT_EQ(found.ccw_address->cssid, 0);
  EXPECT_EQ(found.ccw_address->ssid, 0);
  EXPECT_EQ(found.ccw_address->subchno, 0x12);
  EXPECT_EQ(found.ccw_address->devno, 0x6ab);
}

TEST_F(DiskAddressTest, SupportsScsiOnS390) {
  disk("css0/fe.1.0000/fe.1.0002/virtio1/host0/target0:0:1/0:0:1:1073758240/block/sda");
  const DiskAddress found = address();
  EXPECT_EQ(text(found), text(no_pci, DiskBus::scsi, "0/1/1073758240"));
  ASSERT_TRUE(found.ccw_address);
  EXPECT_EQ(found.ccw_address->cssid, 0xfe);
  EXPECT_EQ(found.ccw_address->ssid, 1);
  EXPECT_EQ(found.ccw_address->devno, 2);
}

TEST_F(DiskAddressTest, SupportsADasd) {
  disk("css0/0.0.0003/0.0.0200/block/dasda");
  const DiskAddress found = address();
  EXPECT_EQ(text(found), text(no_pci, DiskBus::unknown, "0/0/0"));
  EXPECT_TRUE(found.ccw_address);
}

TEST_F(DiskAddressTest, SupportsAnUnknownKind) {
  disk("vbd-51712/block/xvda");
  const DiskAddress found = address();
  EXPECT_EQ(text(found), text(no_pci, DiskBus::unknown, "0/0/0"));
  EXPECT_EQ(found.dev, "/dev/xvda");
}

TEST_F(DiskAddressTest, SupportsAControllerWithMoreThanEightPorts) {
  const std::string pci = "pci0000:00/0000:00:17.0";
  for (int port = 5; port < 35; ++port) tree_.add(fmt::format("sys/devices/{}/ata{}/", pci, port));
  disk(pci + "/ata16/host15/target15:0:0/15:0:0:0/block/sda");
  driver(pci, "ahci");
  EXPECT_EQ(text(address()), text("0:0:17.0", DiskBus::sata, "0/0/11"));
}

TEST_F(DiskAddressTest, SupportsSataOnKernelsWithoutPortNames) {
  const std::string pci = "pci0000:00/0000:00:1f.2";
  for (int port = 2; port < 6; ++port) tree_.add(fmt::format("sys/devices/{}/host{}/", pci, port));
  disk(pci + "/host4/target4:0:0/4:0:0:0/block/sda");
  driver(pci, "ahci");
  EXPECT_EQ(text(address()), text("0:0:1f.2", DiskBus::sata, "0/0/2"));
}

TEST_F(DiskAddressTest, IsUnknownWithoutTheExpectedParents) {
  for (const char* driver_name : {"ahci", "ata_piix", "sym53c8xx"}) {
    tree_.remove("sys");
    disk("pci0000:00/0000:00:1f.2/odd/block/sda");
    driver("pci0000:00/0000:00:1f.2", driver_name);
    EXPECT_EQ(text(address()), text(no_pci, DiskBus::unknown, "0/0/0")) << driver_name;
  }
}

TEST_F(DiskAddressTest, SupportsAnNvmeDriveWithSeveralControllers) {
  disk("virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
  for (const char* name : {"nvme10", "nvme2", "nvme0"}) {
    tree_.add(fmt::format("sys/devices/virtual/nvme-subsystem/nvme-subsys0/{} -> x", name));
  }
  tree_.add("sys/class/nvme/nvme10 -> ../../devices/pci0000:00/0000:00:0a.0/nvme/nvme10");
  tree_.add("sys/class/nvme/nvme2 -> ../../devices/pci0000:00/0000:00:02.0/nvme/nvme2");
  tree_.add("sys/class/nvme/nvme0 -> ../../devices/virtual/nvme-fabrics/ctl/nvme0");
  tree_.add("sys/devices/pci0000:00/0000:00:0a.0/nvme/nvme10/");
  tree_.add("sys/devices/pci0000:00/0000:00:02.0/nvme/nvme2/");
  tree_.add("sys/devices/virtual/nvme-fabrics/ctl/nvme0/");
  driver("pci0000:00/0000:00:0a.0", "nvme");
  driver("pci0000:00/0000:00:02.0", "nvme");
  EXPECT_EQ(text(address()), text("0:0:2.0", DiskBus::nvme, "0/0/0"));
}

TEST_F(DiskAddressTest, SupportsAnNvmeDriveOnTheNetwork) {
  disk("virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
  tree_.add("sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0 -> ../../nvme-fabrics/nvme0");
  EXPECT_EQ(text(address()), text(no_pci, DiskBus::unknown, "0/0/0"));
}

TEST_F(DiskAddressTest, IsNulloptIfNothingIsKnown) {
  disk("odd/sda");
  tree_.remove("sys/devices/odd/sda/uevent");
  EXPECT_FALSE(disk_address(*device()));
}

TEST_F(DiskAddressTest, HasTheSerialNumberOfUdev) {
  disk("odd/sda");
  tree_.add("sys/devices/odd/sda/dev: 8:0\\n");
  tree_.add("run/udev/data/b8:0: S:disk/x\\nE:ID_SERIAL_SHORT=short\\nE:ID_SERIAL=long\\n");
  EXPECT_EQ(address().serial, "long");
}

TEST_F(DiskAddressTest, HasTheSerialNumberOfThePartitionsDisk) {
  disk("odd/vda/vda1");
  tree_.add("sys/devices/odd/vda/vda1/partition: 1\\n");
  tree_.add("sys/devices/odd/vda/serial: S1\\n");
  const DiskAddress found = address();
  EXPECT_EQ(found.serial, "S1");
  EXPECT_EQ(found.dev, "/dev/vda1");
}

TEST_F(DiskAddressTest, HasNoEmptySerialNumber) {
  disk("odd/vda");
  tree_.add("sys/devices/odd/vda/dev: 8:0\\n");
  tree_.add("sys/devices/odd/vda/serial: \\n");
  tree_.add("run/udev/data/b8:0: E:ID_SERIAL=\\n");
  EXPECT_FALSE(address().serial);
}

TEST_F(DiskAddressTest, FindsEachUnderlyingDiskOnce) {
  // Two volumes on one disk are combined to a third.
  disk("odd/sda");
  const std::string block = "virtual/block/";
  tree_.add_slaves(block + "dm-0", {"odd/sda"});
  tree_.add_slaves(block + "dm-1", {"odd/sda"});
  tree_.add_slaves(block + "dm-2", {block + "dm-0", block + "dm-1"});
  place_ = block + "dm-2";
  const auto disks = disks_beneath(*device());
  ASSERT_EQ(disks.size(), 1U);
  EXPECT_EQ(disks[0].dev, "/dev/sda");
}

TEST_F(DiskAddressTest, FindsNoDiskForAVirtualDevice) {
  disk("virtual/block/loop0");
  EXPECT_TRUE(disks_beneath(*device()).empty());
}

TEST_F(DiskAddressTest, RequiresADevice) {
  EXPECT_FALSE(BlockDevice::find(tree_.root(), "sys/block/sda"));
  disk("odd/sda");
  EXPECT_FALSE(BlockDevice::find(tree_.root(), "sys/block/sda"));
  tree_.add("sys/block/sda -> ../..");
  EXPECT_FALSE(BlockDevice::find(tree_.root(), "sys/block/sda"));
}

}  // namespace
}  // namespace bellhop::platform
