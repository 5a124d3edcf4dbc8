// SPDX-License-Identifier: Apache-2.0
#include "platform/network/netlink_linux.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "platform/io/io_posix.h"

namespace bellhop::platform {
namespace {

// The kernel sends at most 32 KiB at a time, unless one entry alone is longer.
constexpr std::size_t first_buffer_size = std::size_t{64} * 1024;
constexpr std::size_t max_buffer_size = std::size_t{16} * 1024 * 1024;

constexpr int max_attempts = 10;

// The upper two bits of an attribute type are flags.
constexpr std::uint16_t type_mask = 0x3FFF;
static_assert(type_mask == static_cast<std::uint16_t>(NLA_TYPE_MASK));

constexpr std::uint32_t sequence_number = 1;  // each request has its own socket

// How one dump ended.
enum class Outcome {
  complete,
  inconsistent,  // complete, but entries were added or removed during the dump
  cut_off,       // a message is longer than the buffer
  starved,       // the kernel has no memory for the dump
};

constexpr std::size_t aligned(std::size_t size) {
  return (size + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO;
}

Result<void> send_request(const Handle& fd, std::uint16_t type) {
  struct {
    nlmsghdr header;
    rtgenmsg all;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = sequence_number;
  request.all.rtgen_family = AF_UNSPEC;
  if (retry_on_eintr([&] { return ::send(fd.get(), &request, sizeof request, 0); }) < 0)
    return system_failure(errno, "send");
  return {};
}

// The errno value of NLMSG_ERROR or NLMSG_DONE; the payload of both starts with it, negated.
int reason_of(std::span<const std::byte> payload) {
  return -netlink_struct<int>(payload);
}

// One dump.
class Attempt {
 public:
  Attempt(const NetlinkReceiver& receiver, std::vector<std::byte>& buffer)
      : receiver_(receiver), buffer_(buffer) {}

  Result<Outcome> read(const Handle& fd) {
    while (!done_) {
      const ssize_t size = retry_on_eintr(
          [&] { return ::recv(fd.get(), buffer_.data(), buffer_.size(), MSG_TRUNC); });
      if (size < 0 && errno == ENOBUFS) return Outcome::starved;
      if (size < 0) return system_failure(errno, "receive");
      if (size == 0) return failure("the kernel's answer has no end");
      if (static_cast<std::size_t>(size) > buffer_.size()) return Outcome::cut_off;
      TRY(take(std::span(buffer_).first(static_cast<std::size_t>(size))));
    }
    return inconsistent_ ? Outcome::inconsistent : Outcome::complete;
  }

 private:
  // Consumes the messages of one recv().
  Result<void> take(std::span<const std::byte> bytes) {
    while (!done_ && bytes.size() >= sizeof(nlmsghdr)) {
      const auto header = netlink_struct<nlmsghdr>(bytes);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) break;
      const auto payload = bytes.first(header.nlmsg_len).subspan(sizeof header);
      bytes = bytes.subspan(std::min(aligned(header.nlmsg_len), bytes.size()));
      if (header.nlmsg_seq != sequence_number) continue;
      if (header.nlmsg_flags & NLM_F_DUMP_INTR) inconsistent_ = true;
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
        done_ = true;
        if (const int reason = reason_of(payload)) return system_failure(reason, "dump");
      } else if (header.nlmsg_type >= NLMSG_MIN_TYPE) {
        receiver_.message({.type = header.nlmsg_type, .payload = payload});
      }
    }
    return {};
  }

  const NetlinkReceiver& receiver_;
  std::vector<std::byte>& buffer_;
  bool done_ = false;
  bool inconsistent_ = false;
};

}  // namespace

Result<Handle> open_route_netlink() {
  Handle fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return system_failure(errno, "socket");
  // A connected socket receives messages only from its peer: port 0, the kernel.
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0) {
    return system_failure(errno, "connect");
  }
  return fd;
}

Result<void> netlink_dump(const NetlinkOpener& open, std::uint16_t request_type,
                          const NetlinkReceiver& receiver) {
  std::vector<std::byte> buffer(first_buffer_size);
  Outcome outcome = Outcome::complete;
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    TRY_ASSIGN(const auto fd, open());
    TRY(send_request(fd, request_type));
    receiver.restart();
    TRY_ASSIGN(outcome, Attempt(receiver, buffer).read(fd));
    if (outcome == Outcome::complete) break;
    if (outcome == Outcome::cut_off && buffer.size() < max_buffer_size) {
      buffer.resize(buffer.size() * 2);
    }
  }
  if (outcome == Outcome::starved) return system_failure(ENOBUFS, "receive");
  if (outcome == Outcome::cut_off) return system_failure(EMSGSIZE, "receive");
  return {};
}

void for_each_attribute(
    std::span<const std::byte> attributes,
    const std::function<void(std::uint16_t, std::span<const std::byte>)>& visit) {
  while (attributes.size() >= sizeof(nlattr)) {
    const auto header = netlink_struct<nlattr>(attributes);
    if (header.nla_len < sizeof header || header.nla_len > attributes.size()) return;
    visit(header.nla_type & type_mask, attributes.first(header.nla_len).subspan(sizeof header));
    attributes = attributes.subspan(std::min(aligned(header.nla_len), attributes.size()));
  }
}

}  // namespace bellhop::platform
