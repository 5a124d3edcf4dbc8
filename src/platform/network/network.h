// The network as the system has it configured: interfaces with their addresses, and routes.
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
  std::string ip_address;  // as inet_ntop(3) writes it
  IpVersion ip_address_type = IpVersion::ipv4;
  std::int64_t prefix = 0;  // bits
};

// Counters since the interface exists. What they count is in the kernel's
// Documentation/networking/statistics.rst; here they are summed as in /proc/net/dev.
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
  // The first six bytes, "52:54:00:12:34:56"; zeros where a device has fewer, as a tunnel does.
  std::optional<std::string> hardware_address;
  std::optional<std::vector<IpAddress>> ip_addresses;  // if there are any
  std::optional<NetworkStatistics> statistics;
};

// All interfaces of this process's network namespace, each once, in the system's order. An IPv4
// address with a label of its own (`eth0:web`) is an interface of that name, after the others,
// because qemu-ga tells it so. Errors: `cannot list network interfaces: …`.
Result<std::vector<NetworkInterface>> network_interfaces();

// What the two versions of IP tell of a route differently.
struct Ipv4RouteDetails {
  std::string gateway;  // 0.0.0.0: none
  std::string mask;
  std::int64_t mtu = 0;  // bytes, as the system's table has it: on Linux the MSS and 40; 0: not set
  std::int64_t window = 0;  // TCP's, bytes; 0: not set
  std::int64_t irtt = 0;    // initial round trip time, milliseconds; 0: not set
};
struct Ipv6RouteDetails {
  std::string desprefixlen;  // of the destination; bits, in decimal
  std::string source;        // routes may be for packets from there only; `::`: from anywhere
  std::string srcprefixlen;
  std::string nexthop;  // `::`: none
};

struct NetworkRoute {
  std::string iface;  // `*`: none, because the route refuses its packets
  std::string destination;
  std::int64_t metric = 0;
  std::optional<std::uint64_t> flags;  // RTF_*, route(8)
  std::optional<std::int64_t> refcnt;
  std::optional<std::int64_t> use;
  std::int64_t version = 4;  // of IP; one of the next two has a value
  std::optional<Ipv4RouteDetails> ipv4;
  std::optional<Ipv6RouteDetails> ipv6;
};

// The routes, those of IPv4 first, in the system's order. On Linux, IPv4's main table and all
// tables of IPv6, from `system_root`/proc/net. A system without one version of IP has the routes of
// the other. Errors, when neither can be had: `open("/proc/net/route"): …`.
Result<std::vector<NetworkRoute>> network_routes(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
