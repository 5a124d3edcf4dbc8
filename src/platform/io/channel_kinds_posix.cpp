// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "platform/io/channel_kinds.h"

namespace bellhop::platform {
namespace {

constexpr auto kinds = std::to_array<ChannelKindFacts>({
    {ChannelKind::virtio_serial, "virtio-serial", ChannelPath::device,
     "/dev/virtio-ports/org.qemu.guest_agent.0"},
    {ChannelKind::isa_serial, "isa-serial", ChannelPath::device, "/dev/ttyS0"},
    {ChannelKind::unix_listen, "unix-listen", ChannelPath::new_file},
    {ChannelKind::vsock_listen, "vsock-listen", ChannelPath::address},
});

}  // namespace

std::span<const ChannelKindFacts> channel_kinds() {
  return kinds;
}

}  // namespace bellhop::platform
