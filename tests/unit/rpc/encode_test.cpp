// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "rpc/field.h"

namespace bellhop {
namespace {

enum class Status { thawed, frozen };
constexpr auto wire_names(Status) {
  return std::array<std::string_view, 2>{"thawed", "frozen"};
}

struct Reply {
  std::string host_name;
  std::optional<std::int64_t> count;
  std::vector<Status> states;
  double load;
};

constexpr auto fields_of(const Reply*) {
  return fields(field<"host-name", &Reply::host_name>(""), field<"count", &Reply::count>(""),
                field<"states", &Reply::states>(""), field<"load", &Reply::load>(""));
}

template <class T>
std::string encoded(const T& value) {
  std::string text;
  wire::JsonWriter writer(text);
  WireType<T>::encode(writer, value);
  return text;
}

TEST(Encode, WritesMembersInTheOrderOfTheFieldList) {
  EXPECT_EQ(encoded(Reply{"vm", 3, {Status::frozen, Status::thawed}, 0.5}),
            R"({"host-name": "vm", "count": 3, "states": ["frozen", "thawed"], "load": 0.5})");
}

TEST(Encode, LeavesOutMembersWithoutAValue) {
  EXPECT_EQ(encoded(Reply{"", std::nullopt, {}, 1}),
            R"({"host-name": "", "states": [], "load": 1})");
}

TEST(Encode, WritesScalars) {
  EXPECT_EQ(encoded(std::int64_t{-1}), "-1");
  EXPECT_EQ(encoded(std::uint64_t{UINT64_MAX}), "18446744073709551615");
  EXPECT_EQ(encoded(true), "true");
  EXPECT_EQ(encoded(Nothing{}), "{}");
}

TEST(Encode, PullsAStreamPieceByPiece) {
  const std::string content = "abcdefg";
  std::size_t at = 0;
  const Base64Stream stream{[&] {
    const std::size_t size = std::min<std::size_t>(3, content.size() - at);
    const auto piece = std::as_bytes(std::span(content).subspan(at, size));
    at += size;
    return piece;
  }};
  EXPECT_EQ(encoded(stream), R"("YWJjZGVmZw==")");
}

struct Content {
  Base64Stream data;
  Late<std::int64_t> count;
};

constexpr auto fields_of(const Content*) {
  return fields(field<"data", &Content::data>(""), field<"count", &Content::count>(""));
}

TEST(Encode, AsksForLateMembersAfterTheStream) {
  std::int64_t pieces = 0;
  const Content content{.data = {[&]() -> std::span<const std::byte> {
                          ++pieces;
                          return {};
                        }},
                        .count = {[&] { return pieces; }}};
  EXPECT_EQ(encoded(content), R"({"data": "", "count": 1})");
}

TEST(Encode, StopsPullingWhenTheReceiverIsGone) {
  const std::string piece(300 * 1024, 'x');
  int pulled = 0;
  const Base64Stream endless{[&] {
    ++pulled;
    return std::as_bytes(std::span(piece));
  }};
  std::string text;
  wire::JsonWriter writer(text, [](std::string& bytes) {
    bytes.clear();
    return false;
  });
  WireType<Base64Stream>::encode(writer, endless);
  EXPECT_EQ(pulled, 1);
}

}  // namespace
}  // namespace bellhop
