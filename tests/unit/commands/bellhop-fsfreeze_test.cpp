// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/fsfreeze_fixture.h"

namespace bellhop::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class BellhopFsfreeze : public FsfreezeTest {
 protected:
  // What the report says about a filesystem, without the time.
  static Json about(const Json& reply, std::string_view mountpoint) {
    for (Json one : reply["filesystems"]) {
      if (one["mountpoint"] != mountpoint) continue;
      EXPECT_GE(one["milliseconds"], 0);
      one.erase("milliseconds");
      one.erase("mountpoint");
      return one;
    }
    return {};
  }
};

TEST_F(BellhopFsfreeze, ReportsOnEachFilesystem) {
  filesystems["/home"].can_freeze = false;
  const Json reply = returned("bellhop-fsfreeze");
  EXPECT_THAT(reply["token"].get<std::string>(), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(reply["frozen"], 1);
  EXPECT_EQ(reply["limit-ms"], 0);  // as configured
  EXPECT_EQ(reply["filesystems"].size(), 2U);
  EXPECT_EQ(about(reply, "/"), Json({{"frozen", true}}));
  EXPECT_EQ(about(reply, "/home"),
            Json({{"frozen", false}, {"reason", "its type cannot be frozen"}}));
  EXPECT_EQ(filesystems.frozen("/"), 1);
}

TEST_F(BellhopFsfreeze, GivesEachFreezeATokenOfItsOwn) {
  const std::string first = frozen();
  EXPECT_TRUE(freeze.thaw());
  EXPECT_NE(frozen(), first);
}

TEST_F(BellhopFsfreeze, FreezesWhatIsNamed) {
  const Json reply = returned("bellhop-fsfreeze", {{"mountpoints", {"/home/"}}});
  EXPECT_EQ(reply["filesystems"].size(), 1U);
  EXPECT_EQ(filesystems.frozen("/"), 0);
  EXPECT_EQ(filesystems.frozen("/home"), 1);
}

TEST_F(BellhopFsfreeze, SkipsWhatFails) {
  filesystems["/"].freeze_error = "failed to freeze /: Input/output error";
  filesystems["/home"].frozen = 1;
  const Json reply = returned("bellhop-fsfreeze", {{"policy", "best-effort"}});
  EXPECT_EQ(reply["frozen"], 0);
  EXPECT_FALSE(reply.contains("token"));
  EXPECT_EQ(about(reply, "/")["reason"], "failed to freeze /: Input/output error");
  EXPECT_EQ(about(reply, "/home")["reason"], "another program has frozen it");
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(BellhopFsfreeze, SkipsWhatCannotBeReached) {
  filesystems["/"].open_error = "Input/output error";
  const Json reply = returned("bellhop-fsfreeze");
  EXPECT_EQ(reply["frozen"], 1);
  EXPECT_THAT(about(reply, "/")["reason"].get<std::string>(), HasSubstr("Input/output error"));
}

TEST_F(BellhopFsfreeze, FailsIfStrictAndThawsEverything) {
  filesystems["/"].can_freeze = false;
  EXPECT_EQ(error("bellhop-fsfreeze", {{"policy", "strict"}}),
            "cannot freeze '/': its type cannot be frozen");
  EXPECT_EQ(filesystems.frozen("/home"), 0);
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(BellhopFsfreeze, FailsIfStrictForWhatIsFrozenAlready) {
  filesystems["/"].frozen = 1;
  EXPECT_EQ(error("bellhop-fsfreeze", {{"policy", "strict"}}),
            "cannot freeze '/': another program has frozen it");
}

TEST_F(BellhopFsfreeze, FailsIfStrictForWhatIsHidden) {
  filesystems["/"].covered = true;
  EXPECT_EQ(error("bellhop-fsfreeze", {{"policy", "strict"}}),
            "cannot freeze the filesystem at '/': another one is mounted over it");
  EXPECT_EQ(returned("bellhop-fsfreeze")["frozen"], 1);
}

TEST_F(BellhopFsfreeze, IsStrictAlsoWithoutReadOnlyFilesystems) {
  filesystems["/"].read_only = true;
  const Json reply = returned("bellhop-fsfreeze", {{"policy", "strict"}});
  EXPECT_EQ(reply["frozen"], 1);
  EXPECT_EQ(about(reply, "/")["reason"], "it is read-only");
}

TEST_F(BellhopFsfreeze, TakesALimit) {
  EXPECT_EQ(returned("bellhop-fsfreeze", {{"limit-ms", 3'600'000}})["limit-ms"], 3'600'000);
  const auto remaining = freeze.status().remaining;
  ASSERT_TRUE(remaining);
  EXPECT_GT(remaining->count(), 0);
  EXPECT_LE(remaining->count(), 3'600'000);
}

TEST_F(BellhopFsfreeze, EndsAtItsLimit) {
  frozen({{"limit-ms", 1000}});
  await_thaw();
  EXPECT_EQ(filesystems.frozen("/"), 0);
}

TEST_F(BellhopFsfreeze, RefusesALimitThatIsNone) {
  for (const std::int64_t limit : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{3'600'001}}) {
    EXPECT_EQ(error("bellhop-fsfreeze", {{"limit-ms", limit}}),
              fmt::format("limit-ms is {}, but must be from 1 to 3600000", limit));
  }
  settings.freeze.timeout = std::chrono::hours(2);
  EXPECT_EQ(returned("bellhop-fsfreeze", {{"limit-ms", 7'200'000}})["limit-ms"], 7'200'000);
}

TEST_F(BellhopFsfreeze, RefusesAnUnknownPolicy) {
  EXPECT_THAT(error("bellhop-fsfreeze", {{"policy", "lax"}}), HasSubstr("policy"));
  EXPECT_FALSE(freeze.is_frozen());
}

TEST_F(BellhopFsfreeze, NamesAMountpointThatIsNone) {
  EXPECT_THAT(error("bellhop-fsfreeze", {{"mountpoints", {"/nonexistent"}}}),
              HasSubstr("cannot freeze '/nonexistent'"));
}

}  // namespace
}  // namespace bellhop::testing
