// Interfaces from what rtnetlink(7) says of links and addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/network/netlink_linux.h"
#include "platform/network/network.h"

namespace bellhop::platform {

// What RTM_NEWLINK says of an interface.
struct Link {
  int index = 0;
  std::string name;
  std::string hardware_address = "00:00:00:00:00:00";  // six bytes of it
  std::optional<NetworkStatistics> statistics;
};

// What RTM_NEWADDR says of an address.
struct LinkAddress {
  int link = 0;  // index of its interface
  std::string
      label;  // of IPv4 addresses: the interface's name, or that with ":" and a word; or none
  IpAddress address;
};

// Both give nullopt for messages of another kind.
std::optional<Link> decode_link(const NetlinkMessage& message);
std::optional<LinkAddress> decode_address(const NetlinkMessage& message);

// By qemu-ga's rules: interfaces in the order of links, then labels that are no interface's name,
// in the order of addresses; statistics only for an interface that has an address; a label has the
// hardware address of the interface that its part before ":" names, and no statistics. An address
// of an interface that is not among the links, because it is newer, is left out.
std::vector<NetworkInterface> combine(const std::vector<Link>& links,
                                      const std::vector<LinkAddress>& addresses);

}  // namespace bellhop::platform
