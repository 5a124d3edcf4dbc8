// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "unit/commands/recorded_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetFsinfo : public RecordedTest {
 protected:
  static std::vector<std::string> mountpoints(const Json& reply) {
    std::vector<std::string> found;
    for (const Json& filesystem : reply) found.push_back(filesystem["mountpoint"]);
    return found;
  }
};

TEST_F(GuestGetFsinfo, AnswersAsQemuGaDoes) {
  expect_recorded("q35", "guest-get-fsinfo", "mountpoint");
  expect_recorded("piix-ide", "guest-get-fsinfo", "mountpoint");
}

TEST_F(GuestGetFsinfo, IsInQemuGasOrder) {
  const RecordedTree tree(content("q35.tree"));
  EXPECT_EQ(mountpoints(reply_on(tree, "guest-get-fsinfo")),
            mountpoints(Json::parse(content("q35.json"))["guest-get-fsinfo"]));
}

TEST_F(GuestGetFsinfo, TellsSizes) {
  const RecordedTree tree("proc/self/mountinfo: 1 0 8:1 / /a rw - ext4 /dev/sda1 rw\\n");
  statvfs_pool = state::StatvfsPool([&](const platform::MountPlace& place) {
    EXPECT_EQ(place.path, tree.root() / "a");
    EXPECT_EQ(place.mount, 1U);
    return state::StatvfsPool::Size{.used_bytes = 1, .total_bytes = 2, .total_bytes_privileged = 3};
  });
  services.system_root = tree.root();
  EXPECT_EQ(call("guest-get-fsinfo"),
            R"({"return": [{"name": "8:1", "mountpoint": "/a", "type": "ext4", "used-bytes": 1, )"
            R"("total-bytes": 2, "total-bytes-privileged": 3, "disk": []}]})");
}

TEST_F(GuestGetFsinfo, LeavesOutSizesThatCannotBeHad) {
  const RecordedTree tree("proc/self/mountinfo: 1 0 8:1 / /gone rw - ext4 /dev/sda1 rw\\n");
  services.system_root = tree.root();
  EXPECT_EQ(call("guest-get-fsinfo"),
            R"({"return": [{"name": "8:1", "mountpoint": "/gone", "type": "ext4", "disk": []}]})");
}

TEST_F(GuestGetFsinfo, FailsWithoutATableOfMounts) {
  services.system_root = directory.path();
  EXPECT_EQ(call("guest-get-fsinfo"),
            error_reply("open(\\\"" + directory.path() +
                        "/proc/self/mountinfo\\\"): No such file or directory"));
}

}  // namespace
}  // namespace bellhop::testing
