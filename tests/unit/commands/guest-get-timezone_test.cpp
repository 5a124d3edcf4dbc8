#include <cstdlib>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetTimezone : public CommandTest {
 protected:
  void SetUp() override {
    if (const char* tz = std::getenv("TZ")) before_ = tz;
  }
  void TearDown() override {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
  }

 private:
  std::optional<std::string> before_;
};

TEST_F(GuestGetTimezone, ReturnsNameAndOffset) {
  ::setenv("TZ", "XYZ5:30", 1);
  EXPECT_EQ(call("guest-get-timezone"), R"({"return": {"zone": "XYZ", "offset": -19800}})");
}

}  // namespace
}  // namespace bellhop::testing
