#include "state/snapshot.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/state/reexec_fixture.h"

namespace bellhop::state {
namespace {

using bellhop::testing::read_snapshot;
using bellhop::testing::reexec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A descriptor as a program before this one may have left it: children would get it.
int left_behind() {
  return ::open("/dev/null", O_RDONLY);
}

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) >= 0;
}

std::string header(std::int64_t version = snapshot_version,
                   std::int64_t process = platform::current_pid()) {
  return fmt::format("bellhop handover {} {}\n", version, process);
}

class SnapshotTest : public ::testing::Test {
 protected:
  Snapshot pass_on() {
    return reexec(writer_, [] {});
  }

  SnapshotWriter writer_{platform::current_pid()};
};

TEST_F(SnapshotTest, CarriesTextsOfAnyBytesAndNumbers) {
  const std::string bytes("\n\0end\nrecord x\n text \xFF", 22);
  const std::string large(1'000'000, 'x');
  writer_.begin("one");
  writer_.text("bytes", bytes);
  writer_.text("empty", "");
  writer_.number("number", -9'223'372'036'854'775'807);
  writer_.flag("yes", true);
  writer_.begin("one");
  writer_.text("large", large);
  Snapshot snapshot = pass_on();
  EXPECT_FALSE(snapshot.damage()) << *snapshot.damage();
  const auto records = snapshot.take("one");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]->text("bytes"), bytes);
  EXPECT_EQ(records[0]->text("empty"), "");
  EXPECT_EQ(records[0]->text("number"), std::nullopt);
  EXPECT_EQ(records[0]->number("number"), -9'223'372'036'854'775'807);
  EXPECT_TRUE(records[0]->flag("yes"));
  EXPECT_FALSE(records[0]->flag("no"));
  EXPECT_EQ(records[1]->text("large"), large);
  EXPECT_THAT(snapshot.take("one"), IsEmpty());
  EXPECT_THAT(snapshot.close_rest(), IsEmpty());
}

TEST_F(SnapshotTest, GivesEachDescriptorOnceAndNotToChildren) {
  const int descriptor = left_behind();
  writer_.begin("one");
  writer_.descriptor("file", descriptor);
  writer_.descriptor("none", -1);
  Snapshot snapshot = pass_on();
  const auto records = snapshot.take("one");
  const platform::Handle taken = records[0]->descriptor("file");
  EXPECT_EQ(taken.get(), descriptor);
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), FD_CLOEXEC);
  EXPECT_FALSE(records[0]->descriptor("file"));
  EXPECT_FALSE(records[0]->descriptor("none"));
  snapshot.close_rest();
  EXPECT_TRUE(is_open(descriptor));
}

TEST_F(SnapshotTest, ClosesAndTellsWhatNobodyTakes) {
  const int known = left_behind();
  const int unknown = left_behind();
  writer_.begin("known");
  writer_.descriptor("file", known);
  for (int i = 0; i < 2; ++i) {
    writer_.begin("unknown");
    if (i == 0) writer_.descriptor("file", unknown);
  }
  Snapshot snapshot = pass_on();
  EXPECT_EQ(snapshot.take("known").size(), 1U);
  EXPECT_THAT(snapshot.close_rest(), ElementsAre("2 of 'unknown'"));
  EXPECT_FALSE(is_open(known));
  EXPECT_FALSE(is_open(unknown));
}

TEST_F(SnapshotTest, RefusesWhatIsTooLarge) {
  SnapshotWriter writer(platform::current_pid(), 100);
  writer.begin("one");
  writer.text("bytes", std::string(101, 'x'));
  writer.text("more", "x");
  const auto memory = writer.finish();
  ASSERT_FALSE(memory);
  EXPECT_THAT(memory.error().message, ::testing::StartsWith("there is too much to hand over"));
}

TEST_F(SnapshotTest, IsNothingForAnotherProcess) {
  const int descriptor = left_behind();
  Snapshot snapshot = read_snapshot(
      header(1, 1) + fmt::format("record channel\ndescriptor client {}\nend\n", descriptor));
  EXPECT_TRUE(snapshot.damage());
  EXPECT_THAT(snapshot.take("channel"), IsEmpty());
  snapshot.close_rest();
  EXPECT_FALSE(is_open(descriptor));
}

TEST_F(SnapshotTest, KeepsOnlyWhatNeverChangesOfAnotherVersion) {
  Snapshot snapshot =
      read_snapshot(header(snapshot_version + 1) + "record channel\nrecord file\nend\n");
  EXPECT_THAT(*snapshot.damage(), ::testing::HasSubstr("it has version 2, this program reads"));
  EXPECT_EQ(snapshot.take("channel").size(), 1U);
  EXPECT_THAT(snapshot.take("file"), IsEmpty());
}

TEST_F(SnapshotTest, KeepsWholeRecordsWhereverItBreaksOff) {
  const std::string whole = header() + "record a\ntext t 5\n\n12\n\n\nnumber n 7\nrecord b\nend\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Snapshot snapshot = read_snapshot(whole.substr(0, size));
    EXPECT_TRUE(snapshot.damage()) << size;
    const auto records = snapshot.take("a");
    if (records.empty()) continue;
    EXPECT_EQ(records[0]->text("t"), "\n12\n\n") << size;
    EXPECT_EQ(records[0]->number("n"), 7) << size;
  }
  EXPECT_FALSE(read_snapshot(whole).damage());
}

TEST_F(SnapshotTest, SurvivesEveryChangedByte) {
  const std::string whole = header() + "record a\ntext t 3\nabc\nnumber n 7\nend\n";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char c : {'\n', ' ', '9', '-', '\0', '\xFF'}) {
      std::string changed = whole;
      changed[at] = c;
      Snapshot snapshot = read_snapshot(changed);
      for (const auto* record : snapshot.take("a")) {
        const auto text = record->text("t");
        EXPECT_LE(text.value_or("").size(), whole.size());
      }
    }
  }
}

TEST(SealedMemory, TakesOnlyWhatCannotChange) {
  const auto memory = platform::MemoryFile::create();
  ASSERT_TRUE(memory);
  const auto copy = [&] {
    return platform::Handle(::fcntl(memory->descriptor(), F_DUPFD_CLOEXEC, 3));
  };
  EXPECT_FALSE(platform::SealedMemory::open(copy()));
  EXPECT_FALSE(platform::SealedMemory::open(platform::Handle(left_behind())));
  EXPECT_FALSE(platform::SealedMemory::open(platform::Handle()));
}

}  // namespace
}  // namespace bellhop::state
