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

struct Route {
  std::string iface;
  std::string destination;
  std::int64_t metric;
  std::optional<std::string> gateway;
  std::optional<std::string> mask;
  std::optional<std::int64_t> irtt;
  std::optional<std::uint64_t> flags;
  std::optional<std::int64_t> refcnt;
  std::optional<std::int64_t> use;
  std::optional<std::int64_t> window;
  std::optional<std::int64_t> mtu;
  std::optional<std::string> desprefixlen;
  std::optional<std::string> source;
  std::optional<std::string> srcprefixlen;
  std::optional<std::string> nexthop;
  std::int64_t version;
};

constexpr auto fields_of(const Route*) {
  return fields<"GuestNetworkRoute">(
      field<"iface", &Route::iface>(
          "The interface that packets leave through; `*` for IPv4 routes that refuse them."),
      field<"destination", &Route::destination>("The network or host that it leads to."),
      field<"metric", &Route::metric>("Of several routes the one with the least is taken."),
      field<"gateway", &Route::gateway>("IPv4: the next router; 0.0.0.0 for none."),
      field<"mask", &Route::mask>("IPv4: the destination's network mask."),
      field<"irtt", &Route::irtt>(
          "IPv4: initial round trip time of TCP in milliseconds; 0 when it is not set."),
      field<"flags", &Route::flags>("The kernel's RTF_ flags: 1 up, 2 gateway, 4 host, …."),
      field<"refcnt", &Route::refcnt>("References to the route; always 0 for IPv4."),
      field<"use", &Route::use>("How often it was looked up; 0 on newer kernels."),
      field<"window", &Route::window>("IPv4: TCP's window in bytes; 0 when it is not set."),
      field<"mtu", &Route::mtu>(
          "IPv4: as the kernel's table has it, which is TCP's advertised segment size and 40; 0 "
          "when that is not set."),
      field<"desprefixlen", &Route::desprefixlen>(
          "IPv6: length of the destination's prefix in bits."),
      field<"source", &Route::source>(
          "IPv6: the network from which packets take this route; `::` for any."),
      field<"srcprefixlen", &Route::srcprefixlen>("IPv6: length of the source's prefix in bits."),
      field<"nexthop", &Route::nexthop>("IPv6: the next router; `::` for none."),
      field<"version", &Route::version>("The version of IP: 4 or 6."));
}

void add(Route& route, platform::Ipv4RouteDetails details) {
  route.version = 4;
  route.gateway = std::move(details.gateway);
  route.mask = std::move(details.mask);
  route.irtt = details.irtt;
  route.window = details.window;
  route.mtu = details.mtu;
}

void add(Route& route, platform::Ipv6RouteDetails details) {
  route.version = 6;
  route.desprefixlen = std::to_string(details.destination_prefix);
  route.source = std::move(details.source);
  route.srcprefixlen = std::to_string(details.source_prefix);
  route.nexthop = std::move(details.next_hop);
}

Result<std::vector<Route>> run(CommandContext& context, const Nothing&) {
  auto routes = platform::network_routes(context.services.system_root);
  if (!routes) return std::unexpected(std::move(routes).error());
  std::vector<Route> reply;
  reply.reserve(routes->size());
  for (auto& route : *routes) {
    Route& added = reply.emplace_back();
    added.iface = std::move(route.interface);
    added.destination = std::move(route.destination);
    added.metric = route.metric;
    added.flags = route.flags;
    added.refcnt = route.reference_count;
    added.use = route.use;
    std::visit([&](auto& details) { add(added, std::move(details)); }, route.details);
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_network_get_route = declare<run>({
    .name = "guest-network-get-route",
    .documentation =
        "Returns the routes: those of IPv4's main table, then those of all tables of IPv6, in the "
        "kernel's order.",
    .since = "9.1",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
