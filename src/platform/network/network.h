// The network as the system has it configured: interfaces with their addresses, and routes.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"

namespace bellhop::platform {

enum class IpVersion { ipv4, ipv6 };

struct IpAddress {
  IpVersion version = IpVersion::ipv4;
  std::string text;     // as inet_ntop(3) writes it
  unsigned prefix = 0;  // bits
};

// Counters since the interface exists. What they count is in the kernel's
// Documentation/networking/statistics.rst; here they are summed as in /proc/net/dev.
struct NetworkStatistics {
  std::uint64_t rx_bytes = 0;
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_errors = 0;
  std::uint64_t rx_dropped = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_errors = 0;
  std::uint64_t tx_dropped = 0;
};

struct NetworkInterface {
  std::string name;
  // The first six bytes; zeros where a device has fewer, as a tunnel does.
  std::optional<std::array<std::uint8_t, 6>> hardware_address;
  std::vector<IpAddress> addresses;
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
  unsigned destination_prefix = 0;  // bits
  std::string source;  // routes may be for packets from there only; `::`: from anywhere
  unsigned source_prefix = 0;
  std::string next_hop;  // `::`: none
};

struct NetworkRoute {
  std::string interface;  // `*`: none, because the route refuses its packets
  std::string destination;
  std::int64_t metric = 0;
  std::uint32_t flags = 0;  // RTF_*, route(8)
  std::int64_t reference_count = 0;
  std::int64_t use = 0;
  std::variant<Ipv4RouteDetails, Ipv6RouteDetails> details;
};

// The routes, those of IPv4 first, in the system's order. On Linux, IPv4's main table and all
// tables of IPv6, from `system_root`/proc/net. A system without one version of IP has the routes of
// the other. Errors, when neither can be had: `open("/proc/net/route"): …`.
Result<std::vector<NetworkRoute>> network_routes(const std::filesystem::path& system_root);

}  // namespace bellhop::platform
