// SPDX-License-Identifier: Apache-2.0
// Dumps kernel tables over rtnetlink(7).
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

// Opens a netlink socket. Called once for each request.
using NetlinkOpener = std::function<Result<Handle>()>;

// A socket to the kernel's tables of links, addresses and routes. Only the kernel can send to it.
Result<Handle> open_route_netlink();

// One message of a dump.
struct NetlinkMessage {
  std::uint16_t type;                  // RTM_NEWLINK, …
  std::span<const std::byte> payload;  // a struct such as ifinfomsg, then attributes; no header
};

// Callbacks that receive a dump.
struct NetlinkReceiver {
  std::function<void()> restart;  // discards all messages so far: the dump starts again
  std::function<void(const NetlinkMessage&)> message;
};

// Requests the whole table of `request_type` (RTM_GETLINK, RTM_GETADDR). If the table changes
// during the dump, repeats the request. If it keeps changing, the last dump counts; an entry may
// then be missing or duplicated. Errors contain the failed step and its cause; the caller adds the
// context.
Result<void> netlink_dump(const NetlinkOpener& open, std::uint16_t request_type,
                          const NetlinkReceiver& receiver);

// Same, as a vector of the results of `decode`, which returns nullopt to skip a message.
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

// The struct at the beginning of `bytes`, padded with zeros if the struct of an older kernel is
// shorter.
template <class T>
T netlink_struct(std::span<const std::byte> bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

// Calls visit(type, value) for each attribute; stops at the first that does not fit.
void for_each_attribute(
    std::span<const std::byte> attributes,
    const std::function<void(std::uint16_t, std::span<const std::byte>)>& visit);

}  // namespace bellhop::platform
