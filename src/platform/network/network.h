// SPDX-License-Identifier: Apache-2.0
// The guest's network configuration: interfaces with their addresses, and routes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

enum class IpVersion { ipv4, ipv6 };

struct IpAddress {
  std::string ip_address;  // as inet_ntop(3) formats it
  IpVersion ip_address_type = IpVersion::ipv4;
  std::int64_t prefix = 0;  // bits
};

// Counters since the interface was created. The kernel's Documentation/networking/statistics.rst
// defines them; they are summed as in /proc/net/dev.
struct NetworkStatistics {
  std::uint64_t rx_bytes = 0;
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_errs = 0;
  std::uint64_t rx_dropped = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_errs = 0;
  std::uint64_t tx_dropped = 0;
};

struct NetworkInterface {
  std::string name;
  // "52:54:00:12:34:56": the first six bytes, padded with zeros if the address is shorter, as for
  // a tunnel.
  std::optional<std::string> hardware_address;
  std::optional<std::vector<IpAddress>> ip_addresses;  // if there are any
  std::optional<NetworkStatistics> statistics;
};

// All interfaces of this process's network namespace, each once, in the kernel's order. An IPv4
// address with its own label (`eth0:web`) makes an interface of that name, after the others, as in
// qemu-ga. Errors: `cannot list network interfaces: …`.
Result<std::vector<NetworkInterface>> network_interfaces();

struct NetworkRoute {
  std::string iface;  // `*`: none, because the route rejects packets
  std::string destination;
  std::int64_t metric = 0;
  std::optional<std::uint64_t> flags;  // RTF_*, route(8)
  std::optional<std::int64_t> refcnt;
  std::optional<std::int64_t> use;
  std::int64_t version = 4;  // of IP
  // Only of IPv4 routes.
  std::optional<std::string> gateway;  // 0.0.0.0: none
  std::optional<std::string> mask;
  std::optional<std::int64_t> mtu;     // bytes; on Linux the kernel's MSS plus 40; 0: not set
  std::optional<std::int64_t> window;  // of TCP, bytes; 0: not set
  std::optional<std::int64_t> irtt;    // initial round-trip time, milliseconds; 0: not set
  // Only of IPv6 routes.
  std::optional<std::string> desprefixlen;  // of the destination; bits, in decimal
  std::optional<std::string> source;  // only packets from there use the route; `::`: all packets
  std::optional<std::string> srcprefixlen;
  std::optional<std::string> nexthop;  // `::`: none
};

// All routes, IPv4 first, in the kernel's order. On Linux these are IPv4's main table and all IPv6
// tables, from `system_root`/proc/net. If the kernel lacks one IP version, returns the routes of
// the other. Errors, if neither table can be opened: `open("/proc/net/route"): …`.
Result<std::vector<NetworkRoute>> network_routes(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
