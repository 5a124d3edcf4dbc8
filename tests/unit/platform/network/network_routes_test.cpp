// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "platform/network/network_routes_linux.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

constexpr const char* ipv4_heading =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n";
constexpr const char* ipv4_default =
    "eth0\t00000000\t00000000\t0003\t0\t0\t5\t00000000\t0\t0\t0      \n";
constexpr const char* ipv6_line =
    "fd110000000000000000000000000000 30 fd000000000000000000000000000000 40 "
    "fd000000000000000000000000000099 0000004d 00000003 0000000a 80200001     eth0\n";

TEST(Ipv4Route, ReadsEveryColumn) {
  const auto route = parse_ipv4_route_line(
      "eth0\tFFFFFFFF\t00000000\t000F\t2\t3\t4294967295\tFFFFFFFF\t940\t4000\t100    ");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->iface, "eth0");
  EXPECT_EQ(route->destination, "255.255.255.255");
  EXPECT_EQ(route->flags, 15U);
  EXPECT_EQ(route->refcnt, 2);
  EXPECT_EQ(route->use, 3);
  EXPECT_EQ(route->metric, 4294967295);
  EXPECT_EQ(route->version, 4);
  EXPECT_EQ(route->gateway, "0.0.0.0");
  EXPECT_EQ(route->mask, "255.255.255.255");
  EXPECT_EQ(route->mtu, 940);
  EXPECT_EQ(route->window, 4000);
  EXPECT_EQ(route->irtt, 100);
}

TEST(Ipv4Route, ReadsAddressesInNativeByteOrder) {
  const std::uint32_t address = 0x01020304;
  const char* text = *reinterpret_cast<const char*>(&address) == 4 ? "4.3.2.1" : "1.2.3.4";
  EXPECT_EQ(parse_ipv4_route_line("e 01020304 0 1 0 0 0 0 0 0 0")->destination, text);
}

TEST(Ipv4Route, ReadsTheMetricAsUnsigned) {
  EXPECT_EQ(parse_ipv4_route_line("e 0 0 1 0 0 -1 0 0 0 0")->metric, 4294967295);
}

TEST(Ipv4Route, ReadsARejectRouteWithoutAnInterface) {
  EXPECT_EQ(parse_ipv4_route_line("*\t0000340A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0")->iface,
            "*");
}

TEST(Ipv4Route, RejectsOtherLines) {
  for (const char* line : {ipv4_heading, "", "   ", "eth0", "eth0\t00000000\t00000000\t0003\t0\t0",
                           "eth0\t00000000\tG\t0003\t0\t0\t0\t0\t0\t0\t0",
                           "eth0\t100000000\t0\t0003\t0\t0\t0\t0\t0\t0\t0"}) {
    EXPECT_FALSE(parse_ipv4_route_line(line)) << line;
  }
}

TEST(Ipv6Route, ReadsEveryColumn) {
  const std::string line = ipv6_line;
  const auto route = parse_ipv6_route_line(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(route);
  EXPECT_EQ(route->iface, "eth0");
  EXPECT_EQ(route->destination, "fd11::");
  EXPECT_EQ(route->metric, 77);
  EXPECT_EQ(route->refcnt, 3);
  EXPECT_EQ(route->use, 10);
  EXPECT_EQ(route->flags, 0x80200001U);
  EXPECT_EQ(route->version, 6);
  EXPECT_EQ(route->desprefixlen, "48");
  EXPECT_EQ(route->source, "fd00::");
  EXPECT_EQ(route->srcprefixlen, "64");
  EXPECT_EQ(route->nexthop, "fd00::99");
}

TEST(Ipv6Route, RejectsOtherLines) {
  const std::string line = ipv6_line;
  EXPECT_FALSE(parse_ipv6_route_line(""));
  EXPECT_FALSE(parse_ipv6_route_line(line.substr(1)));                   // 31 digits
  EXPECT_FALSE(parse_ipv6_route_line("0" + line));                       // 33 digits
  EXPECT_FALSE(parse_ipv6_route_line("x" + line.substr(1)));             // no digit
  EXPECT_FALSE(parse_ipv6_route_line(line.substr(0, line.size() - 5)));  // no interface
  EXPECT_FALSE(parse_ipv6_route_line(line.substr(0, 33) + "100" + line.substr(35)));  // prefix 256
}

class NetworkRoutes : public ::testing::Test {
 protected:
  NetworkRoutes() { std::filesystem::create_directories(directory_ / "proc/net"); }

  std::vector<std::string> interfaces() {
    const auto routes = network_routes(directory_.path());
    EXPECT_TRUE(routes);
    std::vector<std::string> names;
    if (!routes) return names;
    for (const auto& route : *routes) {
      names.push_back(fmt::format("{} {}", route.iface, route.version));
    }
    return names;
  }

  bellhop::TemporaryDirectory directory_;
};

TEST_F(NetworkRoutes, ListIpv4First) {
  directory_.file("proc/net/route", ipv4_heading + std::string(ipv4_default));
  directory_.file("proc/net/ipv6_route", ipv6_line);
  EXPECT_EQ(interfaces(), (std::vector<std::string>{"eth0 4", "eth0 6"}));
}

TEST_F(NetworkRoutes, MayBeOfOneIpVersionOnly) {
  directory_.file("proc/net/route", ipv4_heading + std::string(ipv4_default));
  EXPECT_EQ(interfaces(), std::vector<std::string>{"eth0 4"});
  std::filesystem::remove(directory_ / "proc/net/route");
  directory_.file("proc/net/ipv6_route", ipv6_line);
  EXPECT_EQ(interfaces(), std::vector<std::string>{"eth0 6"});
}

TEST_F(NetworkRoutes, MayBeEmpty) {
  directory_.file("proc/net/route", ipv4_heading);
  EXPECT_TRUE(interfaces().empty());
}

TEST_F(NetworkRoutes, FailWithoutAnyTable) {
  const auto routes = network_routes(directory_.path());
  ASSERT_FALSE(routes);
  EXPECT_EQ(routes.error().message,
            "open(\"" + directory_ / "proc/net/route" + "\"): No such file or directory");
}

TEST_F(NetworkRoutes, FailIfATableCannotBeRead) {
  std::filesystem::create_directories(directory_ / "proc/net/route");
  const auto routes = network_routes(directory_.path());
  ASSERT_FALSE(routes);
  EXPECT_EQ(routes.error().message, "cannot read " + directory_ / "proc/net/route");
}

}  // namespace
}  // namespace bellhop::platform
