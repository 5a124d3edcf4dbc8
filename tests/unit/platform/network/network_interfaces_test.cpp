// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "platform/network/network_interfaces_linux.h"
#include "unit/platform/network/netlink_messages.h"

namespace bellhop::platform {
namespace {

using namespace std::string_view_literals;
using ::testing::ElementsAre;

NetlinkBytes link_message(int index, std::string_view name) {
  NetlinkBytes bytes;
  bytes.message(RTM_NEWLINK).append(ifinfomsg{.ifi_index = index});
  return bytes.attribute(IFLA_IFNAME, name);
}

std::optional<Link> link_of(const NetlinkBytes& bytes, std::uint16_t type = RTM_NEWLINK) {
  return decode_link({.type = type, .payload = bytes.payload()});
}

TEST(DecodeLink, ReadsIndexAndName) {
  const auto link = link_of(link_message(7, "eth0\0"sv));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->index, 7);
  EXPECT_EQ(link->name, "eth0");
  EXPECT_FALSE(link->statistics);
}

TEST(DecodeLink, IgnoresOtherMessages) {
  EXPECT_FALSE(link_of(link_message(7, "eth0\0"sv), RTM_DELLINK));
  EXPECT_FALSE(link_of(link_message(7, "\0"sv)));
  NetlinkBytes empty;
  empty.message(RTM_NEWLINK).append(0);
  EXPECT_FALSE(link_of(empty));
}

TEST(DecodeLink, ReadsTheHardwareAddress) {
  const auto link = link_of(link_message(1, "eth0").attribute(IFLA_ADDRESS, "\1\2\3\4\5\xFF"));
  EXPECT_EQ(link->hardware_address, "01:02:03:04:05:ff");
}

TEST(DecodeLink, PadsOrTruncatesTheHardwareAddressToSixBytes) {
  EXPECT_EQ(link_of(link_message(1, "ib0").attribute(IFLA_ADDRESS, "\1\2\3\4\5\6\7\10"))
                ->hardware_address,
            "01:02:03:04:05:06");
  EXPECT_EQ(link_of(link_message(1, "gre0").attribute(IFLA_ADDRESS, "\12\1\1\1"))->hardware_address,
            "0a:01:01:01:00:00");
  EXPECT_EQ(link_of(link_message(1, "tun0"))->hardware_address, "00:00:00:00:00:00");
}

TEST(DecodeLink, ReadsCountersOf64BitsAndAddsMissedToDropped) {
  rtnl_link_stats64 counters{};
  counters.rx_bytes = 0xFFFF'FFFF'FFFF'FFFF;
  counters.rx_packets = 2;
  counters.rx_errors = 3;
  counters.rx_dropped = 4;
  counters.rx_missed_errors = 100;
  counters.tx_bytes = 0x1'0000'0001;
  counters.tx_packets = 6;
  counters.tx_errors = 7;
  counters.tx_dropped = 8;
  const auto statistics =
      link_of(link_message(1, "eth0").attribute(IFLA_STATS64, counters))->statistics;
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->rx_bytes, 0xFFFF'FFFF'FFFF'FFFF);
  EXPECT_EQ(statistics->rx_packets, 2U);
  EXPECT_EQ(statistics->rx_errs, 3U);
  EXPECT_EQ(statistics->rx_dropped, 104U);
  EXPECT_EQ(statistics->tx_bytes, 0x1'0000'0001U);
  EXPECT_EQ(statistics->tx_packets, 6U);
  EXPECT_EQ(statistics->tx_errs, 7U);
  EXPECT_EQ(statistics->tx_dropped, 8U);
}

NetlinkBytes address_message(unsigned char family, unsigned char prefix, std::uint32_t index = 1) {
  NetlinkBytes bytes;
  bytes.message(RTM_NEWADDR)
      .append(ifaddrmsg{.ifa_family = family, .ifa_prefixlen = prefix, .ifa_index = index});
  return bytes;
}

std::optional<LinkAddress> address_of(const NetlinkBytes& bytes) {
  return decode_address({.type = RTM_NEWADDR, .payload = bytes.payload()});
}

in_addr ipv4(const char* text) {
  in_addr address{};
  ::inet_pton(AF_INET, text, &address);
  return address;
}

in6_addr ipv6(const char* text) {
  in6_addr address{};
  ::inet_pton(AF_INET6, text, &address);
  return address;
}

TEST(DecodeAddress, ReadsIpv4WithItsLabel) {
  const auto address = address_of(address_message(AF_INET, 24, 9)
                                      .attribute(IFA_ADDRESS, ipv4("10.1.0.1"))
                                      .attribute(IFA_LOCAL, ipv4("10.1.0.1"))
                                      .attribute(IFA_LABEL, "eth0:web\0"sv));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->link, 9);
  EXPECT_EQ(address->label, "eth0:web");
  EXPECT_EQ(address->address.ip_address_type, IpVersion::ipv4);
  EXPECT_EQ(address->address.ip_address, "10.1.0.1");
  EXPECT_EQ(address->address.prefix, 24);
}

TEST(DecodeAddress, ReadsIpv6) {
  const auto address =
      address_of(address_message(AF_INET6, 64).attribute(IFA_ADDRESS, ipv6("fe80::1")));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->label, "");
  EXPECT_EQ(address->address.ip_address_type, IpVersion::ipv6);
  EXPECT_EQ(address->address.ip_address, "fe80::1");
  EXPECT_EQ(address->address.prefix, 64);
}

TEST(DecodeAddress, ReadsTheLocalAddressOfAPointToPointLink) {
  for (const bool local_first : {false, true}) {
    auto bytes = address_message(AF_INET6, 128);
    if (local_first) bytes.attribute(IFA_LOCAL, ipv6("fd00::1"));
    bytes.attribute(IFA_ADDRESS, ipv6("fd00::2"));
    if (!local_first) bytes.attribute(IFA_LOCAL, ipv6("fd00::1"));
    EXPECT_EQ(address_of(bytes)->address.ip_address, "fd00::1");
  }
}

TEST(DecodeAddress, IgnoresInvalidAddressesAndOtherMessages) {
  EXPECT_FALSE(address_of(address_message(AF_INET, 24)));
  EXPECT_FALSE(address_of(address_message(AF_INET, 24).attribute(IFA_ADDRESS, ipv6("fd00::1"))));
  EXPECT_FALSE(address_of(address_message(AF_INET6, 24).attribute(IFA_ADDRESS, ipv4("1.2.3.4"))));
  EXPECT_FALSE(address_of(address_message(AF_PHONET, 0).attribute(IFA_ADDRESS, ipv4("1.2.3.4"))));
  NetlinkBytes empty;
  empty.message(RTM_NEWADDR).append(0);
  EXPECT_FALSE(address_of(empty));
  const auto other = address_message(AF_INET, 24).attribute(IFA_ADDRESS, ipv4("1.2.3.4"));
  EXPECT_FALSE(decode_address({.type = RTM_DELADDR, .payload = other.payload()}));
}

LinkAddress address(int link, std::string text, std::string label = {}) {
  return {.link = link,
          .label = std::move(label),
          .address = {.ip_address = std::move(text), .prefix = 24}};
}

std::vector<std::string> texts_of(const NetworkInterface& interface) {
  std::vector<std::string> texts;
  if (!interface.ip_addresses) return texts;
  for (const auto& each : *interface.ip_addresses) texts.push_back(each.ip_address);
  return texts;
}

std::vector<std::string> names_of(const std::vector<NetworkInterface>& interfaces) {
  std::vector<std::string> names;
  for (const auto& interface : interfaces) names.push_back(interface.name);
  return names;
}

TEST(CombineInterfaces, KeepsTheOrderOfLinksAndAddresses) {
  const auto all = combine({{.index = 3, .name = "b"}, {.index = 1, .name = "a"}},
                           {address(1, "1"), address(3, "2"), address(1, "3")});
  EXPECT_THAT(names_of(all), ElementsAre("b", "a"));
  EXPECT_THAT(texts_of(all[0]), ElementsAre("2"));
  EXPECT_THAT(texts_of(all[1]), ElementsAre("1", "3"));
}

TEST(CombineInterfaces, AddsStatisticsOnlyToInterfacesWithAnAddress) {
  const auto all =
      combine({{.index = 1, .name = "a", .statistics = NetworkStatistics{.rx_bytes = 5}},
               {.index = 2, .name = "b", .statistics = NetworkStatistics{}}},
              {address(1, "1")});
  ASSERT_TRUE(all[0].statistics);
  EXPECT_EQ(all[0].statistics->rx_bytes, 5U);
  EXPECT_FALSE(all[1].statistics);
}

TEST(CombineInterfaces, AppendsAnInterfaceForEachLabel) {
  const std::string hardware_address = "01:02:03:04:05:06";
  const auto all = combine({{.index = 1,
                             .name = "a",
                             .hardware_address = hardware_address,
                             .statistics = NetworkStatistics{}},
                            {.index = 2, .name = "b"}},
                           {address(1, "1", "a:x"), address(1, "2", "a"), address(1, "3", "a:x")});
  EXPECT_THAT(names_of(all), ElementsAre("a", "b", "a:x"));
  EXPECT_THAT(texts_of(all[0]), ElementsAre("2"));
  EXPECT_THAT(texts_of(all[2]), ElementsAre("1", "3"));
  EXPECT_EQ(all[2].hardware_address, hardware_address);
  EXPECT_FALSE(all[2].statistics);
}

TEST(CombineInterfaces, ALabelOfNoInterfaceHasNoHardwareAddress) {
  const auto all = combine({{.index = 1, .name = "a"}}, {address(1, "1", "other")});
  EXPECT_THAT(names_of(all), ElementsAre("a", "other"));
  EXPECT_FALSE(all[1].hardware_address);
}

TEST(CombineInterfaces, OmitsAddressesOfUnknownInterfaces) {
  const auto all = combine({{.index = 1, .name = "a"}}, {address(2, "1"), address(2, "1", "b")});
  EXPECT_THAT(names_of(all), ElementsAre("a"));
  EXPECT_FALSE(all[0].ip_addresses);
}

TEST(CombineInterfaces, MergesDuplicateInterfaces) {
  const auto all = combine({{.index = 1, .name = "a"}, {.index = 1, .name = "a"}}, {});
  EXPECT_THAT(names_of(all), ElementsAre("a"));
}

TEST(NetworkInterfaces, AreThoseOfTheSystem) {
  const auto all = network_interfaces();
  ASSERT_TRUE(all) << all.error().message;
  for (const auto& interface : *all) {
    if (interface.name.find(':') != interface.name.npos) continue;
    EXPECT_NE(::if_nametoindex(interface.name.c_str()), 0U) << interface.name;
  }
}

}  // namespace
}  // namespace bellhop::platform
