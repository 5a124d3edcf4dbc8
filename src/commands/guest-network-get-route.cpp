// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/network/network.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const NetworkRoute*) {
  return fields<"GuestNetworkRoute">(
      field<"iface", &NetworkRoute::iface>(
          "The interface through which packets leave; `*` for IPv4 routes that refuse packets."),
      field<"destination", &NetworkRoute::destination>(
          "The network or host to which the route leads."),
      field<"metric", &NetworkRoute::metric>("The metric: the route with the lowest one is used."),
      field<"gateway", &NetworkRoute::gateway>("IPv4: the next router; 0.0.0.0 for none."),
      field<"mask", &NetworkRoute::mask>("IPv4: the destination's network mask."),
      field<"irtt", &NetworkRoute::irtt>(
          "IPv4: initial round trip time of TCP in milliseconds; 0 when it is not set."),
      field<"flags", &NetworkRoute::flags>("The kernel's RTF_ flags: 1 up, 2 gateway, 4 host, …."),
      field<"refcnt", &NetworkRoute::refcnt>(
          "Number of references to the route; always 0 for IPv4."),
      field<"use", &NetworkRoute::use>("Number of lookups of the route; 0 on newer kernels."),
      field<"window", &NetworkRoute::window>("IPv4: TCP's window in bytes; 0 when it is not set."),
      field<"mtu", &NetworkRoute::mtu>(
          "IPv4: as the kernel's table has it, which is TCP's advertised segment size and 40; 0 "
          "when that is not set."),
      field<"desprefixlen", &NetworkRoute::desprefixlen>(
          "IPv6: length of the destination's prefix in bits."),
      field<"source", &NetworkRoute::source>(
          "IPv6: the network from which packets take this route; `::` for any."),
      field<"srcprefixlen", &NetworkRoute::srcprefixlen>(
          "IPv6: length of the source's prefix in bits."),
      field<"nexthop", &NetworkRoute::nexthop>("IPv6: the next router; `::` for none."),
      field<"version", &NetworkRoute::version>("The IP version: 4 or 6."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::NetworkRoute>> run(CommandContext& context, const Nothing&) {
  return platform::network_routes(context.services.system_root);
}

}  // namespace

extern constinit const Command guest_network_get_route = declare<run>({
    .name = "guest-network-get-route",
    .documentation =
        "Returns the routes: first those of IPv4's main table, then those of all IPv6 tables, in "
        "the kernel's order.",
    .since = "9.1",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
