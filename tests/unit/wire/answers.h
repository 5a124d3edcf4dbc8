// SPDX-License-Identifier: Apache-2.0
// Converts the output of a framer to text for comparisons.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "wire/framer.h"
#include "wire/json_writer.h"

namespace bellhop::wire::testing {

using Answers = std::vector<std::string>;

// A value as JsonWriter writes it.
inline std::string text_of(Value value) {
  std::string out;
  JsonWriter(out).value(value);
  return out;
}

// A message as JSON, or the text of the error.
inline std::string text_of(const std::expected<Document, Error>& message) {
  return message ? text_of(message->root()) : message.error().message;
}

// The messages and errors for `bytes` that arrive in pieces of at most `piece` bytes.
inline Answers feed(Framer& framer, std::string_view bytes, std::size_t piece = 1 << 20) {
  Answers answers;
  while (!bytes.empty()) {
    const std::size_t size = std::min(piece, bytes.size());
    const std::span<char> room = framer.prepare(size);
    bytes.copy(room.data(), size);
    framer.commit(size);
    bytes.remove_prefix(size);
    while (const auto message = framer.next()) answers.push_back(text_of(*message));
  }
  return answers;
}

inline Answers feed(std::string_view bytes, std::size_t piece = 1 << 20) {
  Framer framer;
  return feed(framer, bytes, piece);
}

}  // namespace bellhop::wire::testing
