#include "state/freeze_note.h"

#include <gtest/gtest.h>

#include "unit/temporary_directory.h"

namespace bellhop::state {
namespace {

TEST(FreezeNote, IsTakenOnce) {
  FreezeNote note({});
  EXPECT_FALSE(note.take());
  note.set("x");
  EXPECT_EQ(note.text(), "x");
  EXPECT_EQ(note.take(), "x");
  EXPECT_FALSE(note.take());
}

TEST(FreezeNote, KeepsTheFirstText) {
  FreezeNote note({});
  note.set("x");
  note.set("y");
  EXPECT_EQ(note.take(), "x");
}

TEST(FreezeNote, WritesNothingUntilItIsKept) {
  const TemporaryDirectory directory;
  FreezeNote note(directory / "note");
  note.set("x");
  EXPECT_FALSE(std::filesystem::exists(directory / "note"));
  note.keep();
  EXPECT_EQ(directory.content("note"), "x\n");
}

TEST(FreezeNote, OutlivesTheAgentUntilItIsTaken) {
  const TemporaryDirectory directory;
  {
    FreezeNote note(directory / "note");
    note.set("x");
    note.keep();
  }
  EXPECT_EQ(FreezeNote(directory / "note").take(), "x");
  EXPECT_FALSE(FreezeNote(directory / "note").take());
}

TEST(FreezeNote, IsNotKeptWhenItWasTaken) {
  const TemporaryDirectory directory;
  FreezeNote note(directory / "note");
  note.set("x");
  note.take();
  note.keep();
  EXPECT_FALSE(std::filesystem::exists(directory / "note"));
}

}  // namespace
}  // namespace bellhop::state
