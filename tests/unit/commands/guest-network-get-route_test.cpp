// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <filesystem>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestNetworkGetRoute : public CommandTest {
 protected:
  GuestNetworkGetRoute() {
    std::filesystem::create_directories(directory / "root/proc/net");
    services.system_root = directory / "root";
  }
  void table(const std::string& name, const std::string& content) {
    directory.file("root/proc/net/" + name, content);
  }
};

TEST_F(GuestNetworkGetRoute, ReturnsWhatIpv4Has) {
  table("route", "eth0\tFFFFFFFF\t00000000\t0005\t1\t2\t3\t000000FF\t940\t4000\t100\n");
  const std::string mask = std::endian::native == std::endian::little ? "255.0.0.0" : "0.0.0.255";
  EXPECT_EQ(call("guest-network-get-route"),
            R"({"return": [{"iface": "eth0", "destination": "255.255.255.255", "metric": 3, )"
            R"("gateway": "0.0.0.0", "mask": ")" +
                mask +
                R"(", "irtt": 100, "flags": 5, "refcnt": 1, "use": 2, "window": 4000, )"
                R"("mtu": 940, "version": 4}]})");
}

TEST_F(GuestNetworkGetRoute, ReturnsWhatIpv6Has) {
  table("ipv6_route",
        "fd110000000000000000000000000000 30 fd000000000000000000000000000000 40 "
        "fd000000000000000000000000000099 ffffffff 00000003 0000000a 80200001     eth0\n");
  EXPECT_EQ(call("guest-network-get-route"),
            R"({"return": [{"iface": "eth0", "destination": "fd11::", "metric": 4294967295, )"
            R"("flags": 2149580801, "refcnt": 3, "use": 10, "desprefixlen": "48", )"
            R"("source": "fd00::", "srcprefixlen": "64", "nexthop": "fd00::99", "version": 6}]})");
}

TEST_F(GuestNetworkGetRoute, FailsWithoutAnyTable) {
  const std::string reply = call("guest-network-get-route");
  EXPECT_NE(reply.find(R"(/proc/net/route\"): No such file or directory)"), reply.npos) << reply;
}

}  // namespace
}  // namespace bellhop::testing
