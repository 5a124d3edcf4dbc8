#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/services.h"
#include "platform/network/network.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

enum class AddressType { ipv4, ipv6 };
constexpr std::array<std::string_view, 2> wire_names(AddressType) {
  return {"ipv4", "ipv6"};
}

struct Address {
  std::string ip_address;
  AddressType ip_address_type;
  std::int64_t prefix;
};

constexpr auto fields_of(const Address*) {
  return fields<"GuestIpAddress">(
      field<"ip-address", &Address::ip_address>(
          "The address. Of a point-to-point link, this end's."),
      field<"ip-address-type", &Address::ip_address_type>("Its version of IP."),
      field<"prefix", &Address::prefix>("Length of the network's prefix in bits."));
}

struct Statistics {
  std::uint64_t rx_bytes;
  std::uint64_t rx_packets;
  std::uint64_t rx_errs;
  std::uint64_t rx_dropped;
  std::uint64_t tx_bytes;
  std::uint64_t tx_packets;
  std::uint64_t tx_errs;
  std::uint64_t tx_dropped;
};

constexpr auto fields_of(const Statistics*) {
  return fields<"GuestNetworkInterfaceStat">(
      field<"rx-bytes", &Statistics::rx_bytes>("Bytes received."),
      field<"rx-packets", &Statistics::rx_packets>("Packets received."),
      field<"rx-errs", &Statistics::rx_errs>("Bad packets received."),
      field<"rx-dropped", &Statistics::rx_dropped>(
          "Packets received and dropped, those that the device missed included."),
      field<"tx-bytes", &Statistics::tx_bytes>("Bytes sent."),
      field<"tx-packets", &Statistics::tx_packets>("Packets sent."),
      field<"tx-errs", &Statistics::tx_errs>("Packets that could not be sent."),
      field<"tx-dropped", &Statistics::tx_dropped>("Packets dropped before they were sent."));
}

struct Interface {
  std::string name;
  std::optional<std::string> hardware_address;
  std::optional<std::vector<Address>> ip_addresses;
  std::optional<Statistics> statistics;
};

constexpr auto fields_of(const Interface*) {
  return fields<"GuestNetworkInterface">(
      field<"name", &Interface::name>(
          "Its name. An IPv4 address that has a label of its own, such as `eth0:web`, is under "
          "that name."),
      field<"hardware-address", &Interface::hardware_address>(
          "The first six bytes of its hardware address; zeros where it has none."),
      field<"ip-addresses", &Interface::ip_addresses>("Its addresses, if it has any."),
      field<"statistics", &Interface::statistics>(
          "Its counters; only for interfaces that have addresses."));
}

std::vector<Address> wire_form(std::vector<platform::IpAddress> addresses) {
  std::vector<Address> result;
  result.reserve(addresses.size());
  for (auto& address : addresses) {
    result.push_back({.ip_address = std::move(address.text),
                      .ip_address_type = address.version == platform::IpVersion::ipv4
                                             ? AddressType::ipv4
                                             : AddressType::ipv6,
                      .prefix = address.prefix});
  }
  return result;
}

Statistics wire_form(const platform::NetworkStatistics& statistics) {
  return {
      .rx_bytes = statistics.rx_bytes,
      .rx_packets = statistics.rx_packets,
      .rx_errs = statistics.rx_errors,
      .rx_dropped = statistics.rx_dropped,
      .tx_bytes = statistics.tx_bytes,
      .tx_packets = statistics.tx_packets,
      .tx_errs = statistics.tx_errors,
      .tx_dropped = statistics.tx_dropped,
  };
}

Interface wire_form(platform::NetworkInterface interface) {
  Interface result{.name = std::move(interface.name)};
  if (interface.hardware_address) {
    result.hardware_address = fmt::format("{:02x}", fmt::join(*interface.hardware_address, ":"));
  }
  if (!interface.addresses.empty()) result.ip_addresses = wire_form(std::move(interface.addresses));
  if (interface.statistics) result.statistics = wire_form(*interface.statistics);
  return result;
}

Result<std::vector<Interface>> run(CommandContext&, const Nothing&) {
  auto interfaces = platform::network_interfaces();
  if (!interfaces) return std::unexpected(std::move(interfaces).error());
  std::vector<Interface> reply;
  reply.reserve(interfaces->size());
  for (auto& interface : *interfaces) reply.push_back(wire_form(std::move(interface)));
  return reply;
}

}  // namespace

extern constinit const Command guest_network_get_interfaces = declare<run>({
    .name = "guest-network-get-interfaces",
    .documentation = "Returns the network interfaces with their addresses and counters.",
    .since = "1.1",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
