// SPDX-License-Identifier: Apache-2.0
#include "platform/network/network_routes_linux.h"

#include <arpa/inet.h>

#include <array>
#include <concepts>
#include <string>
#include <utility>

#include "base/text.h"
#include "platform/machine/proc_table_linux.h"

namespace bellhop::platform {
namespace {

// Parses the fields of a line one after another and records whether all were valid.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  // Whether all fields so far were present and valid.
  explicit operator bool() const { return good_; }

  std::string_view word() {
    const auto word = text::consume_word(rest_);
    if (word.empty()) good_ = false;
    return word;
  }

  template <std::integral Number>
  Number number(int base) {
    const auto number = text::parse_number<Number>(word(), base);
    if (!number) good_ = false;
    return number.value_or(0);
  }

  // The kernel prints an IPv4 address as the integer that its four bytes form in memory.
  std::string ipv4_address() {
    const in_addr address{.s_addr = number<std::uint32_t>(16)};
    return text_of(AF_INET, &address);
  }

  // 32 hexadecimal digits.
  std::string ipv6_address() {
    const auto digits = word();
    in6_addr address{};
    good_ = good_ && digits.size() == 2 * sizeof address.s6_addr;
    for (std::size_t i = 0; good_ && i < sizeof address.s6_addr; ++i) {
      const auto byte = text::parse_number<std::uint8_t>(digits.substr(2 * i, 2), 16);
      good_ = byte.has_value();
      address.s6_addr[i] = byte.value_or(0);
    }
    return text_of(AF_INET6, &address);
  }

 private:
  static std::string text_of(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(family, address, text.data(), text.size());
    return text.data();
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::optional<NetworkRoute> parse_ipv4_route_line(std::string_view line) {
  Words words(line);
  NetworkRoute route;
  route.iface = words.word();
  route.destination = words.ipv4_address();
  route.gateway = words.ipv4_address();
  route.flags = words.number<std::uint32_t>(16);
  route.refcnt = words.number<std::int64_t>(10);
  route.use = words.number<std::int64_t>(10);
  // Unsigned 32 bits, which older kernels print as signed.
  route.metric = static_cast<std::uint32_t>(words.number<std::int64_t>(10));
  route.mask = words.ipv4_address();
  route.mtu = words.number<std::int64_t>(10);
  route.window = words.number<std::int64_t>(10);
  route.irtt = words.number<std::int64_t>(10);
  if (!words) return std::nullopt;
  return route;
}

std::optional<NetworkRoute> parse_ipv6_route_line(std::string_view line) {
  Words words(line);
  NetworkRoute route{.version = 6};
  route.destination = words.ipv6_address();
  route.desprefixlen = std::to_string(words.number<std::uint8_t>(16));
  route.source = words.ipv6_address();
  route.srcprefixlen = std::to_string(words.number<std::uint8_t>(16));
  route.nexthop = words.ipv6_address();
  route.metric = words.number<std::uint32_t>(16);
  route.refcnt = words.number<std::uint32_t>(16);
  route.use = words.number<std::uint32_t>(16);
  route.flags = words.number<std::uint32_t>(16);
  route.iface = words.word();
  if (!words) return std::nullopt;
  return route;
}

Result<std::vector<NetworkRoute>> network_routes(const std::filesystem::path& system_root) {
  const auto ipv4 = read_proc_table(system_root, "proc/net/route");
  const auto ipv6 = read_proc_table(system_root, "proc/net/ipv6_route");
  // A kernel that lacks an IP version has no file for it: opening fails, with an errno value.
  if (!ipv4 && (!ipv6 || !ipv4.error().system)) return std::unexpected(ipv4.error());
  if (!ipv6 && !ipv6.error().system) return std::unexpected(ipv6.error());
  std::vector<NetworkRoute> routes;
  const auto append = [&](const Result<std::vector<std::string>>& table, auto parse_line) {
    if (!table) return;
    for (const std::string& line : *table) {
      if (auto route = parse_line(line)) routes.push_back(*std::move(route));
    }
  };
  append(ipv4, parse_ipv4_route_line);
  append(ipv6, parse_ipv6_route_line);
  return routes;
}

}  // namespace bellhop::platform
