// The kinds of channels that this operating system has.
#pragma once

#include <span>
#include <string_view>

namespace bellhop::platform {

enum class ChannelKind { virtio_serial, isa_serial, unix_listen, vsock_listen, stdio };

// What the path of a channel names.
enum class ChannelPath {
  device,
  new_file,  // a socket that the agent creates; its directory must exist
  address,   // no file
};

struct ChannelKindFacts {
  ChannelKind kind;
  std::string_view name;  // in options and configuration files
  ChannelPath path;
  std::string_view default_path = {};  // empty: the path must be given
};

std::span<const ChannelKindFacts> channel_kinds();

// nullptr when this operating system has no kind of that name.
inline const ChannelKindFacts* find_channel_kind(std::string_view name) {
  for (const ChannelKindFacts& facts : channel_kinds()) {
    if (facts.name == name) return &facts;
  }
  return nullptr;
}

}  // namespace bellhop::platform
