// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetHostName : public CommandTest {};

TEST_F(GuestGetHostName, ReturnsTheName) {
  utsname names{};
  ASSERT_EQ(::uname(&names), 0);
  EXPECT_EQ(call("guest-get-host-name"),
            fmt::format(R"({{"return": {{"host-name": "{}"}}}})", names.nodename));
}

}  // namespace
}  // namespace bellhop::testing
