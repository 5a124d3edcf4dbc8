// SPDX-License-Identifier: Apache-2.0
#include "platform/network/network_interfaces_linux.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace bellhop::platform {
namespace {

// Converts a zero-terminated string.
std::string text_of(std::span<const std::byte> value) {
  const std::string_view text(reinterpret_cast<const char*>(value.data()), value.size());
  return std::string(text.substr(0, text.find('\0')));
}

// Sums as in /proc/net/dev, net/core/net-procfs.c.
NetworkStatistics statistics_of(std::span<const std::byte> value) {
  const auto counters = netlink_struct<rtnl_link_stats64>(value);
  return {
      .rx_bytes = counters.rx_bytes,
      .rx_packets = counters.rx_packets,
      .rx_errs = counters.rx_errors,
      .rx_dropped = counters.rx_dropped + counters.rx_missed_errors,
      .tx_bytes = counters.tx_bytes,
      .tx_packets = counters.tx_packets,
      .tx_errs = counters.tx_errors,
      .tx_dropped = counters.tx_dropped,
  };
}

// The first six bytes; zeros for those that are missing.
std::string hardware_address(std::span<const std::byte> value) {
  std::array<std::uint8_t, 6> bytes{};
  std::memcpy(bytes.data(), value.data(), std::min(bytes.size(), value.size()));
  return fmt::format("{:02x}", fmt::join(bytes, ":"));
}

std::optional<std::string> ip_text(int family, std::span<const std::byte> value) {
  const std::size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (value.size() != size || !::inet_ntop(family, value.data(), text.data(), text.size())) {
    return std::nullopt;
  }
  return text.data();
}

std::unexpected<Error> cannot_list(Error error) {
  error.message = "cannot list network interfaces: " + error.message;
  return std::unexpected(std::move(error));
}

}  // namespace

std::optional<Link> decode_link(const NetlinkMessage& message) {
  if (message.type != RTM_NEWLINK || message.payload.size() < sizeof(ifinfomsg)) {
    return std::nullopt;
  }
  Link link{.index = netlink_struct<ifinfomsg>(message.payload).ifi_index};
  for_each_attribute(message.payload.subspan(sizeof(ifinfomsg)),
                     [&](std::uint16_t type, std::span<const std::byte> value) {
                       if (type == IFLA_IFNAME) link.name = text_of(value);
                       if (type == IFLA_STATS64) link.statistics = statistics_of(value);
                       if (type == IFLA_ADDRESS) link.hardware_address = hardware_address(value);
                     });
  if (link.name.empty()) return std::nullopt;
  return link;
}

std::optional<LinkAddress> decode_address(const NetlinkMessage& message) {
  if (message.type != RTM_NEWADDR || message.payload.size() < sizeof(ifaddrmsg)) {
    return std::nullopt;
  }
  const auto header = netlink_struct<ifaddrmsg>(message.payload);
  if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6) return std::nullopt;
  LinkAddress result{.link = static_cast<int>(header.ifa_index)};
  result.address.ip_address_type = header.ifa_family == AF_INET ? IpVersion::ipv4 : IpVersion::ipv6;
  result.address.prefix = header.ifa_prefixlen;
  // On a point-to-point link, IFA_ADDRESS is the address of the peer and IFA_LOCAL that of the
  // interface.
  std::span<const std::byte> address;
  std::span<const std::byte> local;
  for_each_attribute(message.payload.subspan(sizeof(ifaddrmsg)),
                     [&](std::uint16_t type, std::span<const std::byte> value) {
                       if (type == IFA_ADDRESS) address = value;
                       if (type == IFA_LOCAL) local = value;
                       if (type == IFA_LABEL) result.label = text_of(value);
                     });
  auto text = ip_text(header.ifa_family, local.empty() ? address : local);
  if (!text) return std::nullopt;
  result.address.ip_address = *std::move(text);
  return result;
}

std::vector<NetworkInterface> combine(const std::vector<Link>& links,
                                      const std::vector<LinkAddress>& addresses) {
  std::vector<NetworkInterface> all;
  std::unordered_map<std::string, std::size_t> positions;  // in `all`, by name
  std::unordered_map<int, const std::string*> names;       // by index
  for (const Link& link : links) {
    names.emplace(link.index, &link.name);
    if (!positions.try_emplace(link.name, all.size()).second) continue;
    all.push_back({.name = link.name,
                   .hardware_address = link.hardware_address,
                   .statistics = link.statistics});
  }
  for (const auto& [index, label, address] : addresses) {
    const auto link_name = names.find(index);
    if (link_name == names.end()) continue;
    const std::string& name = label.empty() ? *link_name->second : label;
    const auto [position, is_new] = positions.try_emplace(name, all.size());
    if (is_new) {
      all.push_back({.name = name});
      const auto owner = positions.find(name.substr(0, name.find(':')));
      if (owner != positions.end()) {
        all.back().hardware_address = all[owner->second].hardware_address;
      }
    }
    auto& ip_addresses = all[position->second].ip_addresses;
    if (!ip_addresses) ip_addresses.emplace();
    ip_addresses->push_back(address);
  }
  for (NetworkInterface& interface : all) {
    if (!interface.ip_addresses) interface.statistics.reset();
  }
  return all;
}

Result<std::vector<NetworkInterface>> network_interfaces() {
  const auto links = netlink_list<Link>(open_route_netlink, RTM_GETLINK, decode_link);
  if (!links) return cannot_list(links.error());
  const auto addresses = netlink_list<LinkAddress>(open_route_netlink, RTM_GETADDR, decode_address);
  if (!addresses) return cannot_list(addresses.error());
  return combine(*links, *addresses);
}

}  // namespace bellhop::platform
