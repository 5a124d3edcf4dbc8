#include <array>

#include "platform/io/channel_kinds.h"

namespace bellhop::platform {
namespace {

// Standard input and output have no path; "-" is their name in messages.
constexpr auto kinds = std::to_array<ChannelKindFacts>({
    {ChannelKind::stdio, "stdio", ChannelPath::address, "-"},
});

}  // namespace

std::span<const ChannelKindFacts> channel_kinds() {
  return kinds;
}

}  // namespace bellhop::platform
