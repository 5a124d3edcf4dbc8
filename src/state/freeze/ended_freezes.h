// SPDX-License-Identifier: Apache-2.0
// How the freezes of clients with tokens have ended.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "base/error.h"
#include "state/snapshot.h"

namespace bellhop::state {

// What ended a freeze.
enum class FreezeEnd {
  owner,   // a client with its token
  client,  // another client
  itself,  // its limit; or it had no guard any more
};

struct EndedFreeze {
  std::string token;
  FreezeEnd how = FreezeEnd::itself;
  std::chrono::system_clock::time_point when;
  std::string by = {};  // the client; empty for `itself`
  std::string message;  // for the owner, without the token
};

// The error for a token whose freeze is not in force. nullptr: nothing is known of it.
std::unexpected<Error> token_failure(const EndedFreeze* ended);

// The last freezes that had a token, so that their owners learn of the end also when another freeze
// has begun since. Not thread-safe.
class EndedFreezes {
 public:
  static constexpr std::size_t limit = 64;  // the oldest is forgotten

  // Replaces what is known of the token's freeze. Without effect if the freeze had no token.
  void add(EndedFreeze freeze);
  // nullptr if there is none of that token.
  const EndedFreeze* find(std::string_view token) const;

  // Adds records.
  void snapshot(SnapshotWriter& writer) const;
  void restore(Snapshot& snapshot);

 private:
  std::deque<EndedFreeze> freezes_;
};

}  // namespace bellhop::state
