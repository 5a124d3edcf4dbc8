// SPDX-License-Identifier: Apache-2.0
// Builds netlink messages in the kernel's format, netlink(7).
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

namespace bellhop::platform {

// A sequence of messages.
class NetlinkBytes {
 public:
  // Begins a message. All messages of a reply have the sequence number of the request.
  NetlinkBytes& message(std::uint16_t type, std::uint16_t flags = NLM_F_MULTI,
                        std::uint32_t sequence = 1) {
    start_ = bytes_.size();
    return append(nlmsghdr{.nlmsg_len = sizeof(nlmsghdr),
                           .nlmsg_type = type,
                           .nlmsg_flags = flags,
                           .nlmsg_seq = sequence,
                           .nlmsg_pid = 0});
  }

  template <class T>
  NetlinkBytes& append(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return finish();
  }

  NetlinkBytes& attribute(std::uint16_t type, std::string_view value) {
    append(nlattr{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                  .nla_type = type});
    bytes_.append(value);
    return finish();
  }
  template <class T>
    requires std::is_trivially_copyable_v<T> && (!std::is_convertible_v<T, std::string_view>)
  NetlinkBytes& attribute(std::uint16_t type, const T& value) {
    return attribute(type, {reinterpret_cast<const char*>(&value), sizeof value});
  }

  const std::string& bytes() const { return bytes_; }

  // The bytes after the header of the first message.
  std::span<const std::byte> payload() const {
    return std::as_bytes(std::span(bytes_)).subspan(sizeof(nlmsghdr));
  }

 private:
  // Sets the length of the message, and pads it for the next one.
  NetlinkBytes& finish() {
    const auto length = static_cast<std::uint32_t>(bytes_.size() - start_);
    std::memcpy(bytes_.data() + start_, &length, sizeof length);
    bytes_.resize(start_ + NLMSG_ALIGN(length));
    return *this;
  }

  std::string bytes_;
  std::size_t start_ = 0;
};

}  // namespace bellhop::platform
