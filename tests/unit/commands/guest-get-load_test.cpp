// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "platform/machine/load.h"
#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetLoad : public CommandTest {};

TEST_F(GuestGetLoad, ReturnsThreeAverages) {
  // The averages may change between the calls, once in five seconds.
  std::string reply;
  std::string expected;
  for (int attempt = 0; attempt < 2 && (reply.empty() || reply != expected); ++attempt) {
    const auto load = platform::load_average();
    ASSERT_TRUE(load);
    reply = call("guest-get-load");
    expected =
        fmt::format(R"({{"return": {{"load1m": {:.17g}, "load5m": {:.17g}, "load15m": {:.17g}}}}})",
                    load->load1m, load->load5m, load->load15m);
  }
  EXPECT_EQ(reply, expected);
}

}  // namespace
}  // namespace bellhop::testing
