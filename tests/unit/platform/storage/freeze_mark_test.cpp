// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "platform/storage/freeze_guard.h"
#include "platform/storage/freeze_mark_linux.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using ::testing::HasSubstr;

using namespace std::chrono_literals;

class FreezeMarkTest : public ::testing::Test {
 protected:
  Result<Handle> create() { return create_freeze_mark(opened_.get(), directory.path(), mark); }
  Result<Handle> open() { return open_freeze_mark(opened_.get(), directory.path()); }
  // The error of open() and create(), which is the same.
  std::string refusal() {
    const auto opened = open();
    const auto created = create();
    if (opened || created) return "none";
    EXPECT_EQ(opened.error().message, created.error().message);
    return opened.error().message;
  }

  const TemporaryDirectory directory;
  const std::string path = directory / std::string(freeze_mark_name);
  const FreezeMark mark{.boot_id = "b",
                        .since = std::chrono::system_clock::time_point(1234567890ms),
                        .limit = 4s,
                        .deadline = 98765432101ns};

 private:
  const Handle opened_{::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(FreezeMarkTest, IsReadAsItWasWritten) {
  ASSERT_TRUE(create());
  const auto file = open();
  ASSERT_TRUE(file && *file);
  const auto read = read_freeze_mark(file->get());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->boot_id, "b");
  EXPECT_EQ(read->since, mark.since);
  EXPECT_EQ(read->limit, 4s);
  EXPECT_EQ(read->deadline, 98765432101ns);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(FreezeMarkTest, HasAnOwnerIfTheFreezeHas) {
  FreezeMark owned = mark;
  owned.owner = "0123456789abcdef";
  const auto read = parse_freeze_mark(format_freeze_mark(owned));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->owner, owned.owner);
  EXPECT_EQ(parse_freeze_mark(format_freeze_mark(mark))->owner, "");
}

TEST_F(FreezeMarkTest, HasNoDeadlineWithoutALimit) {
  const auto read = parse_freeze_mark(format_freeze_mark({.boot_id = "b", .since = mark.since}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->limit, 0s);
  EXPECT_EQ(read->deadline, std::nullopt);
}

TEST_F(FreezeMarkTest, IsNotWhatLacksAField) {
  EXPECT_TRUE(parse_freeze_mark("[freeze]\nboot-id=b\nsince=1\nlimit=0\n"));
  for (const char* text :
       {"", "x", "[freeze]\n", "[freeze]\nsince=1\nlimit=0\n", "[freeze]\nboot-id=b\nlimit=0\n",
        "[freeze]\nboot-id=b\nsince=1\n", "[freeze]\nboot-id=b\nsince=x\nlimit=0\n",
        "[freeze]\nboot-id=b\nsince=1\nlimit=1\n",
        "[freeze]\nboot-id=b\nsince=1\nlimit=1\ndeadline=x\n"}) {
    EXPECT_FALSE(parse_freeze_mark(text)) << text;
  }
}

TEST_F(FreezeMarkTest, IsAbsentUntilItIsCreated) {
  const auto file = open();
  ASSERT_TRUE(file);
  EXPECT_FALSE(*file);
}

TEST_F(FreezeMarkTest, ReplacesARegularFile) {
  directory.file(std::string(freeze_mark_name), "");
  EXPECT_FALSE(read_freeze_mark(open()->get()));
  EXPECT_TRUE(create());
  EXPECT_TRUE(read_freeze_mark(open()->get()));
}

TEST_F(FreezeMarkTest, IsNotReadIfItIsOversized) {
  directory.file(std::string(freeze_mark_name),
                 format_freeze_mark(mark) + std::string(100'000, '\n'));
  EXPECT_FALSE(read_freeze_mark(open()->get()));
}

TEST_F(FreezeMarkTest, IsRefusedIfAFifoIsInItsPlace) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "'" + path + "' is not a regular file: remove it");
}

TEST_F(FreezeMarkTest, IsRefusedIfADirectoryIsInItsPlace) {
  std::filesystem::create_directory(path);
  EXPECT_THAT(refusal(), HasSubstr("is not a regular file"));
}

TEST_F(FreezeMarkTest, IsRefusedIfALinkIsInItsPlace) {
  const std::string target = directory.file("target", "x");
  std::filesystem::create_symlink(target, path);
  EXPECT_THAT(refusal(), HasSubstr("is not a regular file"));
  EXPECT_EQ(directory.content("target"), "x");
}

TEST_F(FreezeMarkTest, NamesTheFileThatCannotBeWritten) {
  std::filesystem::create_directory(path + ".new");
  const auto created = create();
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("cannot create '" + path + "': "));
}

}  // namespace
}  // namespace bellhop::platform
