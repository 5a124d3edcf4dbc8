// SPDX-License-Identifier: Apache-2.0
// Messages between the agent and the guard of a freeze, through a socket that keeps their bounds.
// Both ends can be of different versions: numbers of kinds never change, unknown ones are ignored.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "platform/io/handle.h"

namespace bellhop::platform {

enum class GuardMessageKind : std::uint32_t {
  // To the guard. Durations are in milliseconds; a limit of 0 means none.
  directory = 1,   // the state directory, as a descriptor
  filesystem = 2,  // a mountpoint and a descriptor; in the order in which they freeze
  begin = 3,       // limit, retry interval: the agent is about to freeze
  adopt = 4,       // limit, retry interval: take over a freeze that has no guard
  all_frozen = 5,  // limit
  renew = 6,       // limit
  thaw = 7,        // number of the request
  cancel = 8,      // nothing was frozen
  freezing_failed = 9,
  owner = 10,      // text, for the mark; before begin or adopt
  remaining = 11,  // time until the limit; before adopt
  // To the agent.
  ready = 33,    // beginning of the freeze, in nanoseconds since 1970; the mark as of now
  refused = 34,  // the reason; the guard ends
  thawing = 35,  // a mountpoint
  warning = 36,  // text
  expired = 37,
  pass = 38,   // number of filesystems thawed, last request; the first error or nothing
  ended = 39,  // number of filesystems thawed, last request; the notice or nothing
};

struct GuardMessage {
  GuardMessageKind kind;
  std::int64_t number = 0;
  std::int64_t extra = 0;
  std::string text = {};   // up to 4,096 bytes
  Handle descriptor = {};  // of a received message
};

// Sends a message, with the descriptor if there is one. `flags` as for sendmsg(2). Returns 0 or an
// errno value.
int send_guard_message(int socket, const GuardMessage& message, int flags = 0,
                       NativeHandle descriptor = no_handle);

// Receives a message. The error is an errno value, or 0 if the other end is closed.
std::expected<GuardMessage, int> receive_guard_message(int socket, int flags = 0);

}  // namespace bellhop::platform
