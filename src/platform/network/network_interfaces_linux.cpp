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

// Collects interfaces, in order, with an index by name.
class Interfaces {
 public:
  explicit Interfaces(const std::vector<Link>& links) {
    all_.reserve(links.size());
    for (const Link& link : links) add(link.name, link.hardware_address, link.statistics);
  }

  void add_address(const std::string& interface, const IpAddress& address) {
    if (!find(interface)) add_label(interface);
    auto& addresses = find(interface)->ip_addresses;
    if (!addresses) addresses.emplace();
    addresses->push_back(address);
  }

  std::vector<NetworkInterface> take() && {
    for (NetworkInterface& interface : all_) {
      if (!interface.ip_addresses) interface.statistics.reset();
    }
    return std::move(all_);
  }

 private:
  NetworkInterface* find(const std::string& name) {
    const auto found = positions_.find(name);
    return found == positions_.end() ? nullptr : &all_[found->second];
  }
  void add(const std::string& name, const std::optional<std::string>& hardware_address,
           const std::optional<NetworkStatistics>& statistics) {
    if (!positions_.try_emplace(name, all_.size()).second) return;
    all_.push_back({.name = name,
                    .hardware_address = hardware_address,
                    .ip_addresses = {},
                    .statistics = statistics});
  }
  void add_label(const std::string& label) {
    const NetworkInterface* owner = find(label.substr(0, label.find(':')));
    add(label, owner ? owner->hardware_address : std::nullopt, std::nullopt);
  }

  std::vector<NetworkInterface> all_;
  std::unordered_map<std::string, std::size_t> positions_;
};

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
  Interfaces interfaces(links);
  std::unordered_map<int, const std::string*> names;
  names.reserve(links.size());
  for (const Link& link : links) names.emplace(link.index, &link.name);
  for (const auto& [index, label, address] : addresses) {
    const auto name = names.find(index);
    if (name == names.end()) continue;
    interfaces.add_address(label.empty() ? *name->second : label, address);
  }
  return std::move(interfaces).take();
}

Result<std::vector<NetworkInterface>> network_interfaces() {
  const auto links = netlink_list<Link>(open_route_netlink, RTM_GETLINK, decode_link);
  if (!links) return cannot_list(links.error());
  const auto addresses = netlink_list<LinkAddress>(open_route_netlink, RTM_GETADDR, decode_address);
  if (!addresses) return cannot_list(addresses.error());
  return combine(*links, *addresses);
}

}  // namespace bellhop::platform
