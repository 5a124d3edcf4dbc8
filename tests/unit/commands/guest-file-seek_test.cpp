// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <fstream>

#include "unit/commands/command_fixture.h"

namespace bellhop::commands {
namespace {

class GuestFileSeek : public bellhop::testing::CommandTest {
 protected:
  void open() {
    std::ofstream(directory / "f") << "0123456789";
    ASSERT_EQ(files.open(directory / "f", "r").value_or(-1), 1000);
  }
  std::string seek(std::string_view offset, std::string_view whence) {
    return call("guest-file-seek",
                fmt::format(R"({{"handle": 1000, "offset": {}, "whence": {}}})", offset, whence));
  }
  static std::string reply(std::int64_t position) {
    return fmt::format(R"({{"return": {{"position": {}, "eof": false}}}})", position);
  }
};

TEST_F(GuestFileSeek, KnowsThreePlacesByNameAndByNumber) {
  open();
  EXPECT_EQ(seek("4", "\"set\""), reply(4));
  EXPECT_EQ(seek("3", "\"cur\""), reply(7));
  EXPECT_EQ(seek("-1", "\"end\""), reply(9));
  EXPECT_EQ(seek("4", "0"), reply(4));
  EXPECT_EQ(seek("-3", "1"), reply(1));
  EXPECT_EQ(seek("100", "2"), reply(110));
}

TEST_F(GuestFileSeek, RefusesOtherPlaces) {
  open();
  EXPECT_EQ(seek("0", "3"), error_reply("invalid whence code 3"));
  EXPECT_EQ(seek("0", "-1"), error_reply("invalid whence code -1"));
  EXPECT_EQ(seek("0", "1099511627776"), error_reply("invalid whence code 1099511627776"));
  EXPECT_EQ(seek("0", "\"SET\""), error_reply("Parameter 'whence' does not accept value 'SET'"));
  EXPECT_EQ(seek("0", "true"),
            error_reply("Invalid parameter type for 'whence', expected: GuestFileWhence"));
  EXPECT_EQ(seek("0", "1.0"),
            error_reply("Invalid parameter type for 'whence', expected: integer"));
}

TEST_F(GuestFileSeek, LooksAtTheHandleBeforeThePlace) {
  EXPECT_EQ(seek("0", "7"), error_reply("handle '1000' has not been found"));
}

TEST_F(GuestFileSeek, StaysWhereItIsWhenItFails) {
  open();
  EXPECT_EQ(seek("4", "0"), reply(4));
  EXPECT_EQ(seek("-5", "1"), error_reply("failed to seek file: Invalid argument"));
  EXPECT_EQ(seek("0", "1"), reply(4));
}

TEST_F(GuestFileSeek, DoesNotWorkOnAFifo) {
  ASSERT_EQ(::mkfifo((directory / "f").c_str(), 0600), 0);
  ASSERT_TRUE(files.open(directory / "f", "r"));
  EXPECT_EQ(seek("0", "1"), error_reply("failed to seek file: Illegal seek"));
}

}  // namespace
}  // namespace bellhop::commands
