// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/state/fake_filesystems.h"

namespace bellhop::state {
namespace {

using bellhop::testing::FakeFilesystems;
using ::testing::ElementsAre;

class FreezeSelectionTest : public ::testing::Test {
 protected:
  // "/a: " for what is to be frozen, "/a: why" for what is not, "/a! why" with a warning; or the
  // error alone.
  std::vector<std::string> select(const MountpointNames& names = std::nullopt) {
    const auto selected =
        select_filesystems(filesystems, rules, names, [this](const std::string& mountpoint) {
          opened.push_back(mountpoint);
          return proceeds ? Result<void>() : failure("aborted");
        });
    if (!selected) return {selected.error().message};
    std::vector<std::string> lines;
    for (const SelectedFilesystem& one : *selected) {
      EXPECT_EQ(one.filesystem == nullptr, one.skipped.has_value());
      EXPECT_EQ(one.why.empty(), !one.skipped);
      lines.push_back(one.mountpoint + (one.skipped && !one.is_expected ? "! " : ": ") + one.why);
    }
    return lines;
  }
  std::vector<std::string> select(std::vector<std::string_view> names) {
    return select(std::span<const std::string_view>(names));
  }
  void fail_to_open(const std::string& mountpoint, std::errc reason) {
    filesystems[mountpoint].open_error = "no";
    filesystems[mountpoint].open_system_error = std::make_error_code(reason);
  }

  FakeFilesystems filesystems{{"/", "/a", "/c"}};
  FreezeRules rules;
  std::vector<std::string> opened;
  bool proceeds = true;
};

TEST_F(FreezeSelectionTest, ConsistsOfAllInFreezingOrder) {
  EXPECT_THAT(select(), ElementsAre("/c: ", "/a: ", "/: "));
  EXPECT_THAT(opened, ElementsAre("/c", "/a", "/"));
}

TEST_F(FreezeSelectionTest, ConsistsOfTheNamedOnes) {
  filesystems["/c"].other_mountpoints = {"/bind"};
  EXPECT_THAT(select({"/bind/", "/a"}), ElementsAre("/c: ", "/a: "));
  EXPECT_THAT(select({"/proc"}), ElementsAre());
  EXPECT_THAT(select(std::vector<std::string_view>()), ElementsAre());
}

TEST_F(FreezeSelectionTest, EndsIfItMayNotProceed) {
  proceeds = false;
  EXPECT_THAT(select(), ElementsAre("aborted"));
  EXPECT_THAT(opened, ElementsAre("/c"));
}

TEST_F(FreezeSelectionTest, SkipsWhatIsReadOnlyOrExcludedWithoutOpeningIt) {
  filesystems["/"].read_only = true;
  filesystems["/a"].type = "vfat";
  rules.skip_types = {"vfat"};
  for (const char* one : {"/", "/a"}) fail_to_open(one, std::errc::io_error);
  EXPECT_THAT(select(),
              ElementsAre("/c: ", "/a: skip-types of [freeze] has 'vfat'", "/: it is read-only"));
  EXPECT_THAT(opened, ElementsAre("/c"));
}

TEST_F(FreezeSelectionTest, WarnsOfAnExcludedOneThatIsNamed) {
  rules.skip_mountpoints = {"/a"};
  EXPECT_THAT(select({"/a"}), ElementsAre("/a! skip-mountpoints of [freeze] has '/a'"));
}

TEST_F(FreezeSelectionTest, WarnsOfOneThatIsExcludedByABindMount) {
  filesystems["/"].other_mountpoints = {"/mnt/backup/etc"};
  rules.skip_mountpoints = {"/mnt/backup*"};
  EXPECT_THAT(select(), ElementsAre("/c: ", "/a: ",
                                    "/! skip-mountpoints of [freeze] has '/mnt/backup*', and "
                                    "'/mnt/backup/etc' is a mount of it"));
}

TEST_F(FreezeSelectionTest, SkipsWhatIsHiddenUnlessThatIsAnError) {
  filesystems["/a"].covered = true;
  for (const bool skip_unopened : {false, true}) {
    rules.skip_unopened = skip_unopened;
    EXPECT_THAT(select(), ElementsAre("/c: ", "/a! another one is mounted over it", "/: "));
  }
  rules.skip_hidden = false;
  EXPECT_THAT(select(),
              ElementsAre("cannot freeze the filesystem at '/a': another one is mounted over it"));
}

TEST_F(FreezeSelectionTest, SkipsWhatIsBoundAsAFileUnlessThatIsAnError) {
  filesystems["/a"].only_file = true;
  EXPECT_THAT(select(), ElementsAre("/c: ", "/a! only a file or socket of it is mounted", "/: "));
  rules.skip_hidden = false;
  EXPECT_THAT(select(), ElementsAre("cannot freeze the filesystem at '/a': only a file or socket "
                                    "of it is mounted"));
}

TEST_F(FreezeSelectionTest, FailsForWhatCannotBeOpenedUnlessThatIsSkipped) {
  fail_to_open("/a", std::errc::io_error);
  EXPECT_THAT(select(), ElementsAre("failed to open /a: no"));
  rules.skip_unopened = true;
  EXPECT_THAT(
      select(),
      ElementsAre(
          "/c: ", "/a! it cannot be opened: " + std::make_error_code(std::errc::io_error).message(),
          "/: "));
}

TEST_F(FreezeSelectionTest, FailsIfTheGuestHasTooManyOpenFiles) {
  rules.skip_unopened = true;
  for (const auto reason : {std::errc::too_many_files_open, std::errc::not_enough_memory,
                            std::errc::too_many_files_open_in_system}) {
    fail_to_open("/a", reason);
    EXPECT_THAT(select(), ElementsAre("failed to open /a: no"));
  }
}

TEST_F(FreezeSelectionTest, LeavesOutWhatIsUnmountedMeanwhile) {
  fail_to_open("/a", std::errc::no_such_file_or_directory);
  for (const bool skip : {false, true}) {
    rules.skip_unopened = skip;
    filesystems.lists_until_unmount = 1;
    EXPECT_THAT(select(), ElementsAre("/c: ", "/: "));
  }
}

}  // namespace
}  // namespace bellhop::state
