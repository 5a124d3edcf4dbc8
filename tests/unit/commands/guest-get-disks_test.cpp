// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/recorded_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetDisks : public RecordedTest {
 protected:
  Entries disks_on(const RecordedTree& tree) {
    return entries(reply_on(tree, "guest-get-disks"), "name");
  }
};

TEST_F(GuestGetDisks, AnswersAsQemuGaDoes) {
  expect_recorded("q35", "guest-get-disks", "name");
  expect_recorded("piix-ide", "guest-get-disks", "name");
}

TEST_F(GuestGetDisks, NeedsNoUdev) {
  RecordedTree tree(content("q35.tree"));
  const Entries with_udev = disks_on(tree);
  tree.remove("run");
  Entries without = disks_on(tree);
  EXPECT_EQ(without["/dev/vda"], with_udev.at("/dev/vda"));
  EXPECT_EQ(without["/dev/dm-0"], with_udev.at("/dev/dm-0"));
  EXPECT_FALSE(without["/dev/sda"]["address"].contains("serial"));
  without["/dev/sda"]["address"]["serial"] = "0QEMU_QEMU_HARDDISK_s1";
  EXPECT_EQ(without["/dev/sda"], with_udev.at("/dev/sda"));
}

constexpr std::string_view one_disk =
    "sys/block/vda -> ../devices/pci0000:00/0000:00:05.0/virtio2/block/vda\n"
    "sys/devices/pci0000:00/0000:00:05.0/driver -> ../../../bus/pci/drivers/virtio-pci\n"
    "sys/devices/pci0000:00/0000:00:05.0/virtio2/block/vda/uevent: DEVNAME=vda\\n\n"
    "sys/devices/pci0000:00/0000:00:05.0/virtio2/block/vda/size: 8\\n\n";

TEST_F(GuestGetDisks, DescribesAWholeDisk) {
  const RecordedTree tree(one_disk);
  services.system_root = tree.root();
  EXPECT_EQ(call("guest-get-disks"),
            R"({"return": [{"name": "/dev/vda", "partition": false, "address": )"
            R"({"pci-controller": {"domain": 0, "bus": 0, "slot": 5, "function": 0}, )"
            R"("bus-type": "virtio", "bus": 0, "target": 0, "unit": 0, "dev": "/dev/vda"}}]})");
}

TEST_F(GuestGetDisks, LeavesOutWhatHasNoSizeOrNode) {
  RecordedTree tree(one_disk);
  tree.add("sys/block/sr0 -> ../devices/sr0");  // empty
  tree.add("sys/devices/sr0/size: 0\\n");
  tree.add("sys/devices/sr0/uevent: DEVNAME=sr0\\n");
  tree.add("sys/block/sdb -> ../devices/sdb");  // vanished
  tree.add("sys/block/sdc -> ../devices/sdc");  // vanishing
  tree.add("sys/devices/sdc/size: ");
  tree.add("sys/devices/sdc/uevent: DEVNAME=sdc\\n");
  tree.add("sys/block/nvme0c0n1 -> ../devices/nvme0c0n1");  // nothing that can be opened
  tree.add("sys/devices/nvme0c0n1/size: 8\\n");
  tree.add("sys/devices/nvme0c0n1/uevent: DEVTYPE=disk\\n");
  EXPECT_EQ(disks_on(tree).size(), 1U);
}

TEST_F(GuestGetDisks, LeavesOutDependenciesThatVanished) {
  RecordedTree tree(one_disk);
  tree.add("sys/block/dm-0 -> ../devices/virtual/block/dm-0");
  tree.add("sys/devices/virtual/block/dm-0/size: 8\\n");
  tree.add("sys/devices/virtual/block/dm-0/uevent: DEVNAME=dm-0\\n");
  tree.add("sys/devices/virtual/block/dm-0/dm/name: \\n");
  tree.add("sys/devices/virtual/block/dm-0/slaves/sdb -> ../../../../sdb");
  tree.add("sys/devices/virtual/block/dm-0/slaves/vda -> ../../../../../block/vda");
  EXPECT_EQ(disks_on(tree).at("/dev/dm-0"), Json::parse(R"({"name": "/dev/dm-0",
      "partition": false, "dependencies": ["/dev/vda"]})"));
}

TEST_F(GuestGetDisks, FailsWithoutSysfs) {
  services.system_root = directory.path();
  EXPECT_EQ(call("guest-get-disks"), error_reply("Can't open directory \\\"" + directory.path() +
                                                 "/sys/block\\\": No such file or directory"));
}

}  // namespace
}  // namespace bellhop::testing
