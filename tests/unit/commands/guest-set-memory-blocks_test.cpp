// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "unit/commands/system_tree_fixture.h"

namespace bellhop::testing {
namespace {

class GuestSetMemoryBlocks : public SystemTreeTest {
 protected:
  std::string set(std::string_view list) {
    return call("guest-set-memory-blocks", fmt::format(R"({{"mem-blks": [{}]}})", list));
  }
};

TEST_F(GuestSetMemoryBlocks, TellsOfEachBlockWhateverBecomesOfTheOthers) {
  tree.write("sys/devices/system/memory/memory1/state", "online");
  tree.make_directory("sys/devices/system/memory/memory2");
  tree.write("sys/devices/system/memory/memory3/state", "online");
  tree.link("sys/devices/system/memory/memory4/state", "/dev/full");
  EXPECT_EQ(set(R"({"phys-index": 1, "online": false}, {"phys-index": 2, "online": false},
                   {"phys-index": 9, "online": true}, {"phys-index": 4, "online": true},
                   {"phys-index": 3, "online": true, "can-offline": true})"),
            fmt::format(R"({{"return": [{{"phys-index": 1, "response": "success"}}, )"
                        R"({{"phys-index": 2, "response": "operation-not-supported", )"
                        R"("error-code": {0}}}, )"
                        R"({{"phys-index": 9, "response": "not-found", "error-code": {0}}}, )"
                        R"({{"phys-index": 4, "response": "operation-failed", )"
                        R"("error-code": {1}}}, )"
                        R"({{"phys-index": 3, "response": "success"}}]}})",
                        ENOENT, ENOSPC));
  EXPECT_EQ(tree.content("sys/devices/system/memory/memory1/state"), "offline");
}

TEST_F(GuestSetMemoryBlocks, IsNotSupportedWithoutBlocks) {
  EXPECT_EQ(set(R"({"phys-index": 1, "online": false})"),
            fmt::format(R"({{"return": [{{"phys-index": 1, "response": )"
                        R"("operation-not-supported", "error-code": {}}}]}})",
                        ENOENT));
}

TEST_F(GuestSetMemoryBlocks, AnEmptyListIsDone) {
  EXPECT_EQ(set(""), R"({"return": []})");
}

TEST_F(GuestSetMemoryBlocks, NeedsNumberAndState) {
  EXPECT_EQ(set(R"({"online": true})"),
            error_reply("Parameter 'mem-blks[0].phys-index' is missing"));
}

}  // namespace
}  // namespace bellhop::testing
