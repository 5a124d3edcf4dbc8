// Asks the kernel for whole lists over rtnetlink(7).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Opens a socket that carries netlink messages, for one request each.
using NetlinkOpener = std::function<Result<Handle>()>;

// A socket to the kernel's tables of links, addresses and routes; nobody but the kernel can send to
// it.
Result<Handle> open_route_netlink();

// One message of an answer.
struct NetlinkMessage {
  std::uint16_t type;                  // RTM_NEWLINK, …
  std::span<const std::byte> payload;  // without the header: a struct such as ifinfomsg, attributes
};

// What a dump is given to.
struct NetlinkReceiver {
  std::function<void()> restart;  // forget everything: the list comes again from its beginning
  std::function<void(const NetlinkMessage&)> message;
};

// Asks for the whole list that `request_type` (RTM_GETLINK, RTM_GETADDR) stands for. When the list
// changes while the kernel writes it, asks again; of a list that changes all the time the last
// answer counts, in which an entry may be missing or twice. Errors have the system's reason only.
Result<void> netlink_dump(const NetlinkOpener& open, std::uint16_t request_type,
                          const NetlinkReceiver& receiver);

// The same as a vector of what `decode` makes of the messages; it skips messages by nullopt.
template <class Item>
Result<std::vector<Item>> netlink_list(const NetlinkOpener& open, std::uint16_t request_type,
                                       std::optional<Item> (*decode)(const NetlinkMessage&)) {
  std::vector<Item> items;
  const NetlinkReceiver receiver{
      .restart = [&] { items.clear(); },
      .message =
          [&](const NetlinkMessage& message) {
            if (auto item = decode(message)) items.push_back(*std::move(item));
          },
  };
  TRY(netlink_dump(open, request_type, receiver));
  return items;
}

// The struct at the beginning of `bytes`, filled with zeros when an older kernel's is shorter.
template <class T>
T netlink_struct(std::span<const std::byte> bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

// Calls visit(type, value) for each attribute; stops at one that does not fit.
void for_each_attribute(
    std::span<const std::byte> attributes,
    const std::function<void(std::uint16_t, std::span<const std::byte>)>& visit);

}  // namespace bellhop::platform
