// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/system_tree_fixture.h"

namespace bellhop::testing {
namespace {

class GuestSetVcpus : public SystemTreeTest {
 protected:
  GuestSetVcpus() {
    tree.make_directory("sys/devices/system/cpu/cpu0");
    for (const char* id : {"1", "2"}) {
      tree.write(fmt::format("sys/devices/system/cpu/cpu{}/online", id), "1");
    }
  }

  std::string set(std::string_view list) {
    return call("guest-set-vcpus", fmt::format(R"({{"vcpus": [{}]}})", list));
  }
  std::string state(int id) {
    return tree.content(fmt::format("sys/devices/system/cpu/cpu{}/online", id));
  }
};

TEST_F(GuestSetVcpus, CarriesOutAllEntries) {
  EXPECT_EQ(set(R"({"logical-id": 1, "online": false},
                   {"logical-id": 2, "online": true, "can-offline": false})"),
            R"({"return": 2})");
  EXPECT_EQ(state(1), "0");
  EXPECT_EQ(state(2), "1");
}

TEST_F(GuestSetVcpus, AnEmptyListIsDone) {
  EXPECT_EQ(set(""), R"({"return": 0})");
}

TEST_F(GuestSetVcpus, StopsAtTheFirstThatFailsAndCountsThoseBefore) {
  EXPECT_EQ(set(R"({"logical-id": 1, "online": false}, {"logical-id": 7, "online": false},
                   {"logical-id": 2, "online": false})"),
            R"({"return": 1})");
  EXPECT_EQ(state(1), "0");
  EXPECT_EQ(state(2), "1");
}

TEST_F(GuestSetVcpus, IsAnErrorWhenTheFirstFails) {
  EXPECT_EQ(
      set(R"({"logical-id": 7, "online": false}, {"logical-id": 1, "online": false})"),
      error_reply("Could not open '/sys/devices/system/cpu/cpu7/': No such file or directory"));
  EXPECT_EQ(state(1), "1");
}

TEST_F(GuestSetVcpus, AProcessorMayAppearSeveralTimes) {
  EXPECT_EQ(set(R"({"logical-id": 1, "online": false}, {"logical-id": 1, "online": true},
                   {"logical-id": 1, "online": false})"),
            R"({"return": 3})");
  EXPECT_EQ(state(1), "0");
}

TEST_F(GuestSetVcpus, NeedsNumberAndState) {
  EXPECT_EQ(set(R"({"logical-id": 1})"), error_reply("Parameter 'vcpus[0].online' is missing"));
  EXPECT_EQ(call("guest-set-vcpus"), error_reply("Parameter 'vcpus' is missing"));
}

}  // namespace
}  // namespace bellhop::testing
