// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/utsname.h>

#include <fstream>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {
namespace {

class GuestGetOsinfo : public CommandTest {
 protected:
  // The members that tell of the kernel, which stand first.
  static std::string kernel() {
    utsname names{};
    ::uname(&names);
    return fmt::format(R"("kernel-release": "{}", "kernel-version": "{}", "machine": "{}")",
                       names.release, names.version, names.machine);
  }
};

TEST_F(GuestGetOsinfo, ReturnsWhatTheFileSays) {
  settings.os_release = directory / "os-release";
  std::ofstream(*settings.os_release)
      << "NAME=\"A B\"\nID=ab\nPRETTY_NAME='A B 1'\nVERSION=\"1 [x]\"\nVERSION_ID=1\n"
         "VARIANT=Server\nVARIANT_ID=server\n";
  EXPECT_EQ(call("guest-get-osinfo"),
            R"({"return": {)" + kernel() +
                R"(, "id": "ab", "name": "A B", "pretty-name": "A B 1", "version": "1 [x]", )"
                R"("version-id": "1", "variant": "Server", "variant-id": "server"}})");
}

TEST_F(GuestGetOsinfo, LeavesOutWhatIsNotKnown) {
  settings.os_release = directory / "missing";
  EXPECT_EQ(call("guest-get-osinfo"), R"({"return": {)" + kernel() + "}}");
}

}  // namespace
}  // namespace bellhop::testing
