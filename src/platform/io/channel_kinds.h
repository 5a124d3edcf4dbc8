// SPDX-License-Identifier: Apache-2.0
// The channel kinds that this operating system supports.
#pragma once

#include <span>
#include <string_view>

namespace bellhop::platform {

enum class ChannelKind { virtio_serial, isa_serial, unix_listen, vsock_listen, stdio };

// What the path of a channel refers to.
enum class ChannelPath {
  device,
  new_file,  // a socket that the agent creates; the directory must exist
  address,   // no file
};

struct ChannelKindFacts {
  ChannelKind kind;
  std::string_view name;  // in options and configuration files
  ChannelPath path;
  std::string_view default_path = {};  // empty: the path is mandatory
};

// The first is the default.
std::span<const ChannelKindFacts> channel_kinds();

// nullptr when this operating system does not support a kind of that name.
inline const ChannelKindFacts* find_channel_kind(std::string_view name) {
  for (const ChannelKindFacts& facts : channel_kinds()) {
    if (facts.name == name) return &facts;
  }
  return nullptr;
}

// nullptr when this operating system does not support the kind.
inline const ChannelKindFacts* find_channel_kind(ChannelKind kind) {
  for (const ChannelKindFacts& facts : channel_kinds()) {
    if (facts.kind == kind) return &facts;
  }
  return nullptr;
}

}  // namespace bellhop::platform
