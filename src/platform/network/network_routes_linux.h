// SPDX-License-Identifier: Apache-2.0
// Reads the kernel's routing tables /proc/net/route and /proc/net/ipv6_route. Unlike rtnetlink(7),
// they contain reference counts, use counts and RTF_* flags.
#pragma once

#include <optional>
#include <string_view>

#include "platform/network/network.h"

namespace bellhop::platform {

// One line of /proc/net/route (net/ipv4/fib_trie.c); nullopt if it is not a route, such as the
// header.
std::optional<NetworkRoute> parse_ipv4_route_line(std::string_view line);

// One line of /proc/net/ipv6_route (net/ipv6/route.c); nullopt if it is not a route.
std::optional<NetworkRoute> parse_ipv6_route_line(std::string_view line);

}  // namespace bellhop::platform
