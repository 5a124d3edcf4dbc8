// Every implementation of base64 must make the same of every text, and what it makes of bytes
// must decode to them.
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

std::optional<std::string> decoded(const Implementation& implementation, std::string text) {
  const auto bytes = decode_in_place(implementation, text);
  if (!bytes) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer wants this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto expected = decoded(scalar_implementation(), input);
  for (const Implementation* implementation : available_implementations()) {
    require(decoded(*implementation, input) == expected);
    std::string text;
    append_encoded(*implementation, text, std::as_bytes(std::span(input)));
    require(decoded(*implementation, text) == input);
  }
  return 0;
}
