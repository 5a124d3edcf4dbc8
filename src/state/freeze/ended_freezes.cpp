// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/ended_freezes.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace bellhop::state {
namespace {

constexpr std::string_view record_name = "ended-freeze";

// Numbers of the snapshot do not change.
FreezeEnd end_of(std::int64_t number) {
  const auto how = static_cast<FreezeEnd>(number);
  return how == FreezeEnd::owner || how == FreezeEnd::client ? how : FreezeEnd::itself;
}

}  // namespace

std::unexpected<Error> token_failure(const EndedFreeze* ended) {
  if (ended) return failure("{}", ended->message);
  return failure("no freeze with this token is known: what was copied with it may be inconsistent");
}

void EndedFreezes::add(EndedFreeze freeze) {
  if (freeze.token.empty()) return;
  std::erase_if(freezes_, [&](const EndedFreeze& one) { return one.token == freeze.token; });
  if (freezes_.size() == limit) freezes_.pop_front();
  freezes_.push_back(std::move(freeze));
}

const EndedFreeze* EndedFreezes::find(std::string_view token) const {
  const auto found = std::ranges::find(freezes_, token, &EndedFreeze::token);
  return found == freezes_.end() ? nullptr : std::to_address(found);
}

void EndedFreezes::snapshot(SnapshotWriter& writer) const {
  for (const EndedFreeze& one : freezes_) {
    writer.begin(record_name);
    writer.text("token", one.token);
    writer.number("how", static_cast<std::int64_t>(one.how));
    writer.time("when", one.when);
    writer.text("by", one.by);
    writer.text("message", one.message);
  }
}

void EndedFreezes::restore(Snapshot& snapshot) {
  using Time = decltype(EndedFreeze::when);
  for (const SnapshotRecord* record : snapshot.take(record_name)) {
    add({.token = std::string(record->text("token").value_or("")),
         .how = end_of(record->number("how").value_or(0)),
         .when = record->time<Time>("when").value_or(Time()),
         .by = std::string(record->text("by").value_or("")),
         .message = std::string(record->text("message").value_or(""))});
  }
}

}  // namespace bellhop::state
