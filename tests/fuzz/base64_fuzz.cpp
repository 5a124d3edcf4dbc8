// SPDX-License-Identifier: Apache-2.0
// With the vectors of every processor, base64 must decode every text like without them, and must
// decode its own encoding of any bytes to these bytes.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

#include "wire/base64_vectors.h"

namespace {

using bellhop::wire::base64::all_vectors;
using bellhop::wire::base64::append_encoded;
using bellhop::wire::base64::decode_in_place;
using bellhop::wire::base64::Vectors;

void require(bool condition) {
  if (!condition) std::abort();
}

std::optional<std::string> decode(const Vectors& vectors, std::string text) {
  const auto bytes = decode_in_place(vectors, text);
  if (!bytes) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer requires this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto expected = decode(all_vectors().back(), input);
  for (const Vectors& vectors : all_vectors()) {
    if (!vectors.available()) continue;
    require(decode(vectors, input) == expected);
    std::string text;
    append_encoded(vectors, text, std::as_bytes(std::span(input)));
    require(decode(vectors, text) == input);
  }
  return 0;
}
