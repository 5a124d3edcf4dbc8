// Reads the kernel's tables of routes, /proc/net/route and /proc/net/ipv6_route. They and not
// rtnetlink(7), because only they have reference counts, uses and RTF_* flags.
#pragma once

#include <optional>
#include <string_view>

#include "platform/network/network.h"

namespace bellhop::platform {

// One line of /proc/net/route (net/ipv4/fib_trie.c); nullopt when it is no route, as the first.
std::optional<NetworkRoute> parse_ipv4_route_line(std::string_view line);

// One line of /proc/net/ipv6_route (net/ipv6/route.c); nullopt when it is no route.
std::optional<NetworkRoute> parse_ipv6_route_line(std::string_view line);

}  // namespace bellhop::platform
