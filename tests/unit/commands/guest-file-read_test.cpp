// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <fstream>

#include "unit/commands/command_fixture.h"
#include "wire/base64.h"

namespace bellhop::commands {
namespace {

class GuestFileRead : public bellhop::testing::CommandTest {
 protected:
  void open(std::string_view content) {
    std::ofstream(directory / "f", std::ios::binary) << content;
    ASSERT_EQ(files.open(directory / "f", "r").value_or(-1), 1000);
  }
  std::string read(std::string_view count = {}) {
    return call("guest-file-read", count.empty()
                                       ? R"({"handle": 1000})"
                                       : fmt::format(R"({{"handle": 1000, "count": {}}})", count));
  }
  static std::string reply(std::string_view base64, std::size_t count, bool eof) {
    return fmt::format(R"({{"return": {{"buf-b64": "{}", "count": {}, "eof": {}}}}})", base64,
                       count, eof);
  }
  static std::string invalid(std::string_view count) {
    return error_reply(fmt::format("value '{}' is invalid for argument count", count));
  }
};

TEST_F(GuestFileRead, StopsAtEndOfFile) {
  open("hello");
  EXPECT_EQ(read(), reply("aGVsbG8=", 5, true));
  EXPECT_EQ(read(), reply("", 0, true));
}

TEST_F(GuestFileRead, GoesOnWhereItStopped) {
  open("hello");
  EXPECT_EQ(read("3"), reply("aGVs", 3, false));
  EXPECT_EQ(read("2"), reply("bG8=", 2, false));
  EXPECT_EQ(read("1"), reply("", 0, true));
}

TEST_F(GuestFileRead, ReadsNothingWhenAskedTo) {
  open("");
  EXPECT_EQ(read("0"), reply("", 0, false));
}

TEST_F(GuestFileRead, Reads4096BytesUnlessTold) {
  open(std::string(5000, 'x'));
  EXPECT_TRUE(read().ends_with(R"(", "count": 4096, "eof": false}})"));
  EXPECT_TRUE(read().ends_with(R"(", "count": 904, "eof": true}})"));
}

TEST_F(GuestFileRead, ReadsUpTo48MiB) {
  open("hello");
  EXPECT_EQ(read("50331648"), reply("aGVsbG8=", 5, true));
  EXPECT_EQ(read("50331649"), invalid("50331649"));
  EXPECT_EQ(read("-1"), invalid("-1"));
  EXPECT_EQ(read("9223372036854775807"), invalid("9223372036854775807"));
}

TEST_F(GuestFileRead, HandsOverALargeFileInPieces) {
  std::string content(1'000'001, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * i / 7);
  open(content);
  std::string expected = R"({"return": {"buf-b64": ")";
  wire::base64::append_encoded(expected, std::as_bytes(std::span(content)));
  expected += R"(", "count": 1000001, "eof": true}})";

  std::string sent;
  std::size_t max_size = 0;
  drain = [&](std::string& bytes) {
    max_size = std::max(max_size, bytes.size());
    sent += bytes;
    bytes.clear();
    return true;
  };
  sent += read("48000000");
  EXPECT_EQ(sent, expected);
  EXPECT_GT(max_size, 0U);
  EXPECT_LT(max_size, 600'000U);
}

TEST_F(GuestFileRead, StopsReadingWhenTheClientIsGone) {
  std::string content;
  content.resize(10'000'000);
  open(content);
  drain = [](std::string& bytes) {
    bytes.clear();
    return false;
  };
  read("10000000");
  EXPECT_LT(files.acquire(1000)->file().seek(0, platform::SeekFrom::current).value_or(-1),
            1'000'000);
}

TEST_F(GuestFileRead, LooksAtTheHandleFirst) {
  EXPECT_EQ(call("guest-file-read", R"({"handle": 7, "count": -1})"),
            error_reply("handle '7' has not been found"));
}

TEST_F(GuestFileRead, SaysWhyItCannotRead) {
  ASSERT_TRUE(files.open(directory.path(), "r"));
  EXPECT_EQ(read(), error_reply("failed to read file: Is a directory"));
}

TEST_F(GuestFileRead, TakesWhatAFifoHas) {
  ASSERT_EQ(::mkfifo((directory / "fifo").c_str(), 0600), 0);
  ASSERT_TRUE(files.open(directory / "fifo", "r+"));
  EXPECT_EQ(read(), error_reply("failed to read file: Resource temporarily unavailable"));
  ASSERT_TRUE(files.acquire(1000)->file().write(std::as_bytes(std::span("abc", 3))));
  EXPECT_EQ(read(), reply("YWJj", 3, false));
}

}  // namespace
}  // namespace bellhop::commands
