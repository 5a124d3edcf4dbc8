// SPDX-License-Identifier: Apache-2.0
#include "rpc/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace bellhop {
namespace {

using testing::Contains;
using testing::Not;

std::vector<std::string_view> names_on(Systems system) {
  std::vector<std::string_view> names;
  for (const Command* command : commands_on(system)) names.push_back(command->facts.name);
  return names;
}

TEST(Registry, IsOrderedByName) {
  for (const Systems system : {Systems::on_linux, Systems::none}) {
    EXPECT_TRUE(std::ranges::is_sorted(names_on(system)));
  }
}

TEST(Registry, HasTheCommandsOfASystem) {
  EXPECT_THAT(names_on(Systems::on_linux), Contains("guest-get-cpustats"));
  for (const Systems system :
       {Systems::on_windows, Systems::on_freebsd, Systems::on_openbsd, Systems::none}) {
    EXPECT_THAT(names_on(system), Contains("guest-ping"));
    EXPECT_THAT(names_on(system), Not(Contains("guest-get-cpustats")));
  }
}

// An administrator who blocks what it can be used for blocks it too.
TEST(Registry, NamesWhatACommandOfBellhopCanStandInFor) {
  for (const Command* command : all_commands()) {
    const Facts& facts = command->facts;
    if (!facts.name.starts_with("bellhop-")) continue;
    if (facts.access == Access::none || facts.access == Access::inspect) continue;
    EXPECT_FALSE(facts.stands_in_for[0].empty()) << facts.name;
  }
}

TEST(Registry, HasTheCommandsThatOthersStandInFor) {
  const auto names = names_on(Systems::on_linux);
  for (const Command* command : all_commands()) {
    for (const std::string_view name : command->facts.stands_in_for) {
      if (name.empty()) continue;
      EXPECT_THAT(names, Contains(name));
    }
  }
}

TEST(Systems, ContainTheirMembers) {
  constexpr Systems set = Systems::on_linux | Systems::on_windows;
  EXPECT_TRUE(contains(set, Systems::on_windows));
  EXPECT_FALSE(contains(set, Systems::on_freebsd));
  EXPECT_FALSE(contains(set, Systems::none));
  EXPECT_TRUE(contains(Systems::all, Systems::none));
}

}  // namespace
}  // namespace bellhop
