// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/guard_messages_linux.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "platform/io/io_posix.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t max_text = 4096;

struct Header {
  std::uint32_t kind = 0;
  std::uint32_t unused = 0;
  std::int64_t number = 0;
  std::int64_t extra = 0;
};

// Room for the descriptor of a message.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

Handle descriptor_of(msghdr& message) {
  Handle descriptor;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    int number = no_handle;
    std::memcpy(&number, CMSG_DATA(at), sizeof number);
    descriptor.reset(number);
  }
  return descriptor;
}

}  // namespace

int send_guard_message(int socket, const GuardMessage& message, int flags,
                       NativeHandle descriptor) {
  Header header{.kind = static_cast<std::uint32_t>(message.kind),
                .number = message.number,
                .extra = message.extra};
  std::array<iovec, 2> parts{{{.iov_base = &header, .iov_len = sizeof header},
                              {.iov_base = const_cast<char*>(message.text.data()),
                               .iov_len = std::min(message.text.size(), max_text)}}};
  Control control;
  msghdr wire{};
  wire.msg_iov = parts.data();
  wire.msg_iovlen = parts.size();
  if (descriptor != no_handle) {
    wire.msg_control = control.bytes.data();
    wire.msg_controllen = control.bytes.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&wire);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  const auto sent = retry_on_eintr([&] { return ::sendmsg(socket, &wire, flags | MSG_NOSIGNAL); });
  return sent < 0 ? errno : 0;
}

std::expected<GuardMessage, int> receive_guard_message(int socket, int flags) {
  Header header;
  std::array<char, max_text> text;
  std::array<iovec, 2> parts{{{.iov_base = &header, .iov_len = sizeof header},
                              {.iov_base = text.data(), .iov_len = text.size()}}};
  Control control;
  msghdr wire{};
  wire.msg_iov = parts.data();
  wire.msg_iovlen = parts.size();
  wire.msg_control = control.bytes.data();
  wire.msg_controllen = control.bytes.size();
  const auto receive = [&] { return ::recvmsg(socket, &wire, flags | MSG_CMSG_CLOEXEC); };
  auto size = retry_on_eintr(receive);
  // Once, before the messages that were sent earlier: the other end did not read all of ours.
  if (size < 0 && errno == ECONNRESET) size = retry_on_eintr(receive);
  if (size < 0) return std::unexpected(errno);
  Handle descriptor = descriptor_of(wire);
  if (static_cast<std::size_t>(size) < sizeof header) return std::unexpected(0);
  return GuardMessage{
      .kind = static_cast<GuardMessageKind>(header.kind),
      .number = header.number,
      .extra = header.extra,
      .text = std::string(text.data(), static_cast<std::size_t>(size) - sizeof header),
      .descriptor = std::move(descriptor)};
}

}  // namespace bellhop::platform
