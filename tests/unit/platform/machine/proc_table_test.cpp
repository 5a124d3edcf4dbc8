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

TEST(Words, AreSeparatedBySpacesAndTabs) {
  EXPECT_THAT(words_of("  8\t0 sda  1 "), ::testing::ElementsAre("8", "0", "sda", "1"));
  EXPECT_THAT(words_of(" \t"), ::testing::IsEmpty());
  EXPECT_THAT(words_of(""), ::testing::IsEmpty());
}

TEST(NumberIn, ParsesTheCompleteText) {
  EXPECT_EQ(number_in<int>("12"), 12);
  EXPECT_EQ(number_in<int>("1f", 16), 31);
  for (const char* text : {"", "x", "1x", " 1", "99999999999"}) {
    EXPECT_FALSE(number_in<int>(text)) << text;
  }
}

}  // namespace
}  // namespace bellhop::platform
