// SPDX-License-Identifier: Apache-2.0
#include "agent/admission.h"

#include <gtest/gtest.h>

#include "unit/commands/command_fixture.h"

namespace bellhop::agent {
namespace {

class AdmissionTest : public testing::CommandTest {
 protected:
  Admission admitted(std::string_view name) {
    for (const Command* command : all_commands()) {
      if (command->facts.name == name) return admission(services, command->facts);
    }
    ADD_FAILURE() << "there is no command " << name;
    return Admission::forbidden;
  }
};

TEST_F(AdmissionTest, ForbidsACommandThatStandsInForABlockedOne) {
  EXPECT_EQ(admitted("bellhop-fsfreeze"), Admission::admitted);
  for (const char* name : {"guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list"}) {
    policy = Policy({name});
    EXPECT_EQ(admitted("bellhop-fsfreeze"), Admission::forbidden);
    EXPECT_EQ(admitted("bellhop-fsfreeze-renew"), Admission::forbidden);
    EXPECT_EQ(admitted("bellhop-fsfreeze-thaw"), Admission::admitted);
  }
  policy = Policy({"guest-fsfreeze-thaw"});
  EXPECT_EQ(admitted("bellhop-fsfreeze-thaw"), Admission::forbidden);
}

TEST_F(AdmissionTest, AllowsOnlyWhatAnAllowListNames) {
  policy = Policy({}, {"guest-fsfreeze-freeze"});
  EXPECT_EQ(admitted("bellhop-fsfreeze"), Admission::forbidden);
  policy = Policy({}, {"bellhop-fsfreeze"});
  EXPECT_EQ(admitted("bellhop-fsfreeze"), Admission::admitted);
}

TEST_F(AdmissionTest, IgnoresAnEmptyNameInAList) {
  policy = Policy({""});
  EXPECT_EQ(admitted("bellhop-fsfreeze"), Admission::admitted);
}

TEST_F(AdmissionTest, ServesTheOwnerOfAFreeze) {
  ASSERT_EQ(freeze.freeze(std::nullopt), 2);
  EXPECT_EQ(admitted("bellhop-fsfreeze"), Admission::frozen);
  for (const char* name :
       {"bellhop-fsfreeze-thaw", "bellhop-fsfreeze-renew", "bellhop-fsfreeze-status"}) {
    EXPECT_EQ(admitted(name), Admission::admitted) << name;
  }
}

}  // namespace
}  // namespace bellhop::agent
