// SPDX-License-Identifier: Apache-2.0
#include "platform/network/network.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr std::array<std::string_view, 2> wire_names(IpVersion) {
  return {"ipv4", "ipv6"};
}

constexpr auto fields_of(const IpAddress*) {
  return fields<"GuestIpAddress">(
      field<"ip-address", &IpAddress::ip_address>(
          "The address; for a point-to-point link, the local address."),
      field<"ip-address-type", &IpAddress::ip_address_type>("The IP version of the address."),
      field<"prefix", &IpAddress::prefix>("Length of the network prefix, in bits."));
}

constexpr auto fields_of(const NetworkStatistics*) {
  return fields<"GuestNetworkInterfaceStat">(
      field<"rx-bytes", &NetworkStatistics::rx_bytes>("Bytes received."),
      field<"rx-packets", &NetworkStatistics::rx_packets>("Packets received."),
      field<"rx-errs", &NetworkStatistics::rx_errs>("Bad packets received."),
      field<"rx-dropped", &NetworkStatistics::rx_dropped>(
          "Received packets that were dropped, including packets that the device missed."),
      field<"tx-bytes", &NetworkStatistics::tx_bytes>("Bytes sent."),
      field<"tx-packets", &NetworkStatistics::tx_packets>("Packets sent."),
      field<"tx-errs", &NetworkStatistics::tx_errs>("Packets that could not be sent."),
      field<"tx-dropped", &NetworkStatistics::tx_dropped>(
          "Packets dropped before they were sent."));
}

constexpr auto fields_of(const NetworkInterface*) {
  return fields<"GuestNetworkInterface">(
      field<"name", &NetworkInterface::name>(
          "The interface's name. An IPv4 address with its own label, such as `eth0:web`, appears "
          "under that name."),
      field<"hardware-address", &NetworkInterface::hardware_address>(
          "The first six bytes of the hardware address; zeros if the interface has none."),
      field<"ip-addresses", &NetworkInterface::ip_addresses>(
          "The interface's addresses, if it has any."),
      field<"statistics", &NetworkInterface::statistics>(
          "The interface's counters; only for interfaces that have addresses."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::NetworkInterface>> run(CommandContext&, const Nothing&) {
  return platform::network_interfaces();
}

}  // namespace

extern constinit const Command guest_network_get_interfaces = declare<run>({
    .name = "guest-network-get-interfaces",
    .documentation = "Returns the network interfaces with their addresses and counters.",
    .since = "1.1",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
