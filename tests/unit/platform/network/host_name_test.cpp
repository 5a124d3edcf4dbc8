#include "platform/network/host_name.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace bellhop::platform {
namespace {

TEST(HostName, IsTheNodeNameOfUname) {
  utsname names{};
  ASSERT_EQ(::uname(&names), 0);
  const auto name = host_name();
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, names.nodename);
}

}  // namespace
}  // namespace bellhop::platform
