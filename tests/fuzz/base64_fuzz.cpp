// Every implementation of base64 must decode every text like the scalar one, and must decode its
// own encoding of any bytes to these bytes.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

#include "wire/base64_implementation.h"

namespace {

using bellhop::wire::base64::append_encoded;
using bellhop::wire::base64::available_implementations;
using bellhop::wire::base64::decode_in_place;
using bellhop::wire::base64::Implementation;
using bellhop::wire::base64::scalar_implementation;

void require(bool condition) {
  if (!condition) std::abort();
}

std::optional<std::string> decode(const Implementation& implementation, std::string text) {
  const auto bytes = decode_in_place(implementation, text);
  if (!bytes) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer requires this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto expected = decode(scalar_implementation(), input);
  for (const Implementation* implementation : available_implementations()) {
    require(decode(*implementation, input) == expected);
    std::string text;
    append_encoded(*implementation, text, std::as_bytes(std::span(input)));
    require(decode(*implementation, text) == input);
  }
  return 0;
}
