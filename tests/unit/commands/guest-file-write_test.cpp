// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "unit/commands/command_fixture.h"
#include "wire/base64.h"

namespace bellhop::commands {
namespace {

class GuestFileWrite : public bellhop::testing::CommandTest {
 protected:
  void open(std::string_view mode = "w") {
    ASSERT_EQ(files.open(directory / "f", mode).value_or(-1), 1000);
  }
  std::string write(std::string_view base64, std::string_view count = {}) {
    return call("guest-file-write",
                count.empty() ? fmt::format(R"({{"handle": 1000, "buf-b64": "{}"}})", base64)
                              : fmt::format(R"({{"handle": 1000, "buf-b64": "{}", "count": {}}})",
                                            base64, count));
  }
  std::string content() const {
    std::ifstream in(directory / "f", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::string reply(std::size_t count) {
    return fmt::format(R"({{"return": {{"count": {}, "eof": false}}}})", count);
  }
  static std::string invalid(std::string_view count) {
    return error_reply(fmt::format("value '{}' is invalid for argument count", count));
  }
};

TEST_F(GuestFileWrite, HasTheBytesInTheFileWhenItAnswers) {
  open();
  EXPECT_EQ(write("aGVsbG8="), reply(5));
  EXPECT_EQ(content(), "hello");
  EXPECT_EQ(write("IQ=="), reply(1));
  EXPECT_EQ(content(), "hello!");
}

TEST_F(GuestFileWrite, WritesAsManyBytesAsItIsTold) {
  open();
  EXPECT_EQ(write("aGVsbG8=", "2"), reply(2));
  EXPECT_EQ(write("aGVsbG8=", "0"), reply(0));
  EXPECT_EQ(write("aGVsbG8=", "5"), reply(5));
  EXPECT_EQ(content(), "hehello");
}

TEST_F(GuestFileWrite, RefusesACountThatIsNotThere) {
  open();
  EXPECT_EQ(write("aGVsbG8=", "6"), invalid("6"));
  EXPECT_EQ(write("aGVsbG8=", "-1"), invalid("-1"));
  EXPECT_EQ(write("aGVsbG8=", "9223372036854775807"), invalid("9223372036854775807"));
  EXPECT_EQ(content(), "");
}

TEST_F(GuestFileWrite, TakesLineFeeds) {
  open();
  EXPECT_EQ(write(R"(aGVs\nbG8=\n)"), reply(5));
  EXPECT_EQ(content(), "hello");
}

TEST_F(GuestFileWrite, RefusesWhatIsNotBase64) {
  open();
  for (const char* text : {"a b", R"(aGVs\r\nbG8=)", "-_-_", R"(\u0000)", "aGVs!"}) {
    EXPECT_EQ(write(text), error_reply("Base64 data contains invalid characters")) << text;
  }
  EXPECT_EQ(content(), "");
}

TEST_F(GuestFileWrite, ChecksHandleThenTextThenCount) {
  EXPECT_EQ(write("!", "-1"), error_reply("handle '1000' has not been found"));
  open();
  EXPECT_EQ(write("!", "-1"), error_reply("Base64 data contains invalid characters"));
  EXPECT_EQ(write("", "-1"), invalid("-1"));
}

TEST_F(GuestFileWrite, WritesMuchAtOnce) {
  open();
  const std::string bytes(3'000'000, '\x5B');
  std::string text;
  wire::base64::append_encoded(text, std::as_bytes(std::span(bytes)));
  EXPECT_EQ(write(text), reply(bytes.size()));
  EXPECT_EQ(content(), bytes);
}

TEST_F(GuestFileWrite, NeedsAFileOpenedForIt) {
  std::ofstream(directory / "f") << "x";
  open("r");
  EXPECT_EQ(write("QQ=="), error_reply("failed to write to file: Bad file descriptor"));
  EXPECT_EQ(write(""), reply(0));
}

TEST_F(GuestFileWrite, DoesNotClaimWhatDidNotFit) {
  ASSERT_EQ(::mkfifo((directory / "f").c_str(), 0600), 0);
  open("r+");
  const std::string text(400'000, 'A');
  EXPECT_EQ(write(text), error_reply("failed to write to file: Resource temporarily unavailable"));
}

}  // namespace
}  // namespace bellhop::commands
