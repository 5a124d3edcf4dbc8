// SPDX-License-Identifier: Apache-2.0
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

// An fd without FD_CLOEXEC, as an earlier program may have left it open.
int open_inheritable() {
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
  Snapshot read_back() {
    return reexec(writer_, [] {});
  }

  SnapshotWriter writer_{platform::current_pid()};
};

TEST_F(SnapshotTest, StoresNumbersFlagsAndTextOfAnyBytes) {
  const std::string bytes("\n\0end\nrecord x\n text \xFF", 22);
  const std::string large(1'000'000, 'x');
  writer_.begin("one");
  writer_.text("bytes", bytes);
  writer_.text("empty", "");
  writer_.number("number", -9'223'372'036'854'775'807);
  writer_.flag("yes", true);
  writer_.begin("one");
  writer_.text("large", large);
  Snapshot snapshot = read_back();
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

TEST_F(SnapshotTest, ReturnsEachDescriptorOnceWithCloseOnExec) {
  const int descriptor = open_inheritable();
  writer_.begin("one");
  writer_.descriptor("file", descriptor);
  writer_.descriptor("none", -1);
  Snapshot snapshot = read_back();
  const auto records = snapshot.take("one");
  const platform::Handle claimed = records[0]->descriptor("file");
  EXPECT_EQ(claimed.get(), descriptor);
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), FD_CLOEXEC);
  EXPECT_FALSE(records[0]->descriptor("file"));
  EXPECT_FALSE(records[0]->descriptor("none"));
  snapshot.close_rest();
  EXPECT_TRUE(is_open(descriptor));
}

TEST_F(SnapshotTest, ClosesAndReportsUnusedRecords) {
  const int known = open_inheritable();
  const int unknown = open_inheritable();
  writer_.begin("known");
  writer_.descriptor("file", known);
  for (int i = 0; i < 2; ++i) {
    writer_.begin("unknown");
    if (i == 0) writer_.descriptor("file", unknown);
  }
  Snapshot snapshot = read_back();
  EXPECT_EQ(snapshot.take("known").size(), 1U);
  EXPECT_THAT(snapshot.close_rest(), ElementsAre("2 of 'unknown'"));
  EXPECT_FALSE(is_open(known));
  EXPECT_FALSE(is_open(unknown));
}

TEST_F(SnapshotTest, ReportsThatItIsTooLarge) {
  SnapshotWriter writer(platform::current_pid(), 100);
  writer.begin("one");
  writer.text("bytes", std::string(101, 'x'));
  writer.text("more", "x");
  const auto memory = writer.finish();
  ASSERT_FALSE(memory);
  EXPECT_THAT(memory.error().message, ::testing::StartsWith("there is too much to hand over"));
}

TEST_F(SnapshotTest, IsEmptyInAnotherProcess) {
  const int descriptor = open_inheritable();
  Snapshot snapshot = read_snapshot(
      header(1, 1) + fmt::format("record channel\ndescriptor client {}\nend\n", descriptor));
  EXPECT_TRUE(snapshot.damage());
  EXPECT_THAT(snapshot.take("channel"), IsEmpty());
  snapshot.close_rest();
  EXPECT_FALSE(is_open(descriptor));
}

TEST_F(SnapshotTest, ReadsOnlyStableRecordsOfAnotherVersion) {
  Snapshot snapshot =
      read_snapshot(header(snapshot_version + 1) + "record channel\nrecord file\nend\n");
  EXPECT_THAT(*snapshot.damage(),
              ::testing::HasSubstr(fmt::format("it has version {}, this program reads version {}",
                                               snapshot_version + 1, snapshot_version)));
  EXPECT_EQ(snapshot.take("channel").size(), 1U);
  EXPECT_THAT(snapshot.take("file"), IsEmpty());
}

TEST_F(SnapshotTest, ReadsCompleteRecordsOfATruncatedSnapshot) {
  const std::string complete =
      header() + "record a\ntext t 5\n\n12\n\n\nnumber n 7\nrecord b\nend\n";
  for (std::size_t size = 0; size < complete.size(); ++size) {
    Snapshot snapshot = read_snapshot(complete.substr(0, size));
    EXPECT_TRUE(snapshot.damage()) << size;
    const auto records = snapshot.take("a");
    if (records.empty()) continue;
    EXPECT_EQ(records[0]->text("t"), "\n12\n\n") << size;
    EXPECT_EQ(records[0]->number("n"), 7) << size;
  }
  EXPECT_FALSE(read_snapshot(complete).damage());
}

TEST_F(SnapshotTest, IsSafeWithAnyChangedByte) {
  const std::string complete = header() + "record a\ntext t 3\nabc\nnumber n 7\nend\n";
  for (std::size_t at = 0; at < complete.size(); ++at) {
    for (const char c : {'\n', ' ', '9', '-', '\0', '\xFF'}) {
      std::string changed = complete;
      changed[at] = c;
      Snapshot snapshot = read_snapshot(changed);
      for (const auto* record : snapshot.take("a")) {
        const auto text = record->text("t");
        EXPECT_LE(text.value_or("").size(), complete.size());
      }
    }
  }
}

TEST(SealedMemory, AcceptsOnlySealedMemory) {
  const auto memory = platform::MemoryFile::create();
  ASSERT_TRUE(memory);
  const auto copy = [&] {
    return platform::Handle(::fcntl(memory->descriptor(), F_DUPFD_CLOEXEC, 3));
  };
  EXPECT_FALSE(platform::SealedMemory::open(copy()));
  EXPECT_FALSE(platform::SealedMemory::open(platform::Handle(open_inheritable())));
  EXPECT_FALSE(platform::SealedMemory::open(platform::Handle()));
}

}  // namespace
}  // namespace bellhop::state
