// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "platform/io/channel_kinds.h"

namespace bellhop::platform {
namespace {

// Standard input and output have no path; messages show "-".
constexpr auto kinds = std::to_array<ChannelKindFacts>({
    {ChannelKind::stdio, "stdio", ChannelPath::address, "-"},
});

}  // namespace

std::span<const ChannelKindFacts> channel_kinds() {
  return kinds;
}

}  // namespace bellhop::platform
