// SPDX-License-Identifier: Apache-2.0
// Builds interfaces from the links and addresses of rtnetlink(7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/network/netlink_linux.h"
#include "platform/network/network.h"

namespace bellhop::platform {

// The fields of RTM_NEWLINK that describe an interface.
struct Link {
  int index = 0;
  std::string name;
  std::string hardware_address = "00:00:00:00:00:00";  // six bytes of it
  std::optional<NetworkStatistics> statistics;
};

// The fields of RTM_NEWADDR that describe an address.
struct LinkAddress {
  int link = 0;  // interface index
  std::string
      label;  // IPv4: the interface's name, or the name with ":" and a suffix; otherwise empty
  IpAddress address;
};

// Both return nullopt for messages of another kind.
std::optional<Link> decode_link(const NetlinkMessage& message);
std::optional<LinkAddress> decode_address(const NetlinkMessage& message);

// Follows qemu-ga: interfaces in the order of `links`, then labels that are not the name of an
// interface, in the order of `addresses`. Only an interface with an address has statistics. A label
// has no statistics; its hardware address is that of the interface named before the ":". An address
// whose interface is not in `links`, because it was created after they were listed, is left out.
std::vector<NetworkInterface> combine(const std::vector<Link>& links,
                                      const std::vector<LinkAddress>& addresses);

}  // namespace bellhop::platform
