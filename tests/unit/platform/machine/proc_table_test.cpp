// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/machine/proc_table_linux.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

TEST(ProcTable, HasLines) {
  const TemporaryDirectory directory;
  directory.file("table", "one\n\nthree");
  EXPECT_THAT(*read_proc_table(directory.path(), "table"),
              ::testing::ElementsAre("one", "", "three"));
}

TEST(ProcTable, NamesTheFileThatCannotBeRead) {
  const auto table = read_proc_table("/", "nonexistent");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message, "open(\"/nonexistent\"): No such file or directory");
}

}  // namespace
}  // namespace bellhop::platform
