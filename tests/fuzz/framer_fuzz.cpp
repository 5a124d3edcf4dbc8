// SPDX-License-Identifier: Apache-2.0
// A stream must yield the same messages and errors however it is split.
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

#include "unit/wire/answers.h"

namespace {

using bellhop::wire::Framer;
using bellhop::wire::testing::Answers;
using bellhop::wire::testing::feed;

void require(bool condition) {
  if (!condition) std::abort();
}

// Feeds the stream to one framer in pieces of pseudo-random sizes.
Answers feed_in_pieces(std::string_view stream) {
  std::minstd_rand random(static_cast<unsigned>(stream.size()));
  Framer framer;
  Answers answers;
  while (!stream.empty()) {
    const std::size_t size = std::min<std::size_t>(stream.size(), 1 + random() % 90);
    for (auto& answer : feed(framer, stream.substr(0, size))) answers.push_back(std::move(answer));
    stream.remove_prefix(size);
  }
  return answers;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer requires this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const Answers expected = feed(stream);
  require(feed(stream, 1) == expected);
  require(feed_in_pieces(stream) == expected);

  // After any input, the framer accepts a request after 0xFF, and after a reset.
  Framer framer;
  feed(framer, stream);
  const Answers after_delimiter = feed(framer, "\xFF{}");
  require(!after_delimiter.empty() && after_delimiter.back() == "{}");
  feed(framer, stream);
  framer.reset();
  require(framer.idle());
  require(feed(framer, "{}") == Answers{"{}"});
  return 0;
}
