// SPDX-License-Identifier: Apache-2.0
#include "state/file_reading.h"

#include <gtest/gtest.h>

#include <deque>

#include "unit/gate.h"
#include "unit/state/scripted_file.h"

namespace bellhop::state {
namespace {

using bellhop::testing::FileRecord;
using bellhop::testing::ScriptedFile;
using bellhop::testing::TemporaryDirectory;

constexpr std::size_t piece = FileReading::piece_size;

class FileReadingTest : public ::testing::Test {
 protected:
  void answer(std::deque<ScriptedFile::Answer> answers) {
    answers_ = std::move(answers);
    handle_ = files_.open("x", "r").value_or(-1);
  }
  Result<FileReading> begin(std::uint64_t count) {
    auto lease = files_.acquire(handle_);
    EXPECT_TRUE(lease);
    return FileReading::begin(*std::move(lease), count);
  }
  static std::vector<std::size_t> sizes_of(FileReading& reading) {
    std::vector<std::size_t> sizes;
    for (auto bytes = reading.next(); !bytes.empty(); bytes = reading.next()) {
      sizes.push_back(bytes.size());
    }
    return sizes;
  }
  bool is_free() { return files_.acquire(handle_).has_value(); }

  using Sizes = std::vector<std::size_t>;

  TemporaryDirectory directory_;
  PersistentState persistent_{directory_.path()};
  std::shared_ptr<FileRecord> record_ = std::make_shared<FileRecord>();
  std::deque<ScriptedFile::Answer> answers_;
  OpenFiles files_{persistent_,
                   [this](const std::string&, const platform::FileMode&) {
                     return Result<std::unique_ptr<platform::File>>(
                         std::make_unique<ScriptedFile>(record_, std::move(answers_)));
                   },
                   std::chrono::milliseconds(0)};
  std::int64_t handle_ = -1;
};

TEST_F(FileReadingTest, ReturnsTheBytesInOrder) {
  answer({"abc", "def", "ghi"});
  auto reading = begin(7);
  ASSERT_TRUE(reading);
  const auto bytes = reading->next();
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "abcdefg");
  EXPECT_TRUE(reading->next().empty());
  EXPECT_EQ(reading->count(), 7);
}

TEST_F(FileReadingTest, DoesNotReportTheEndAfterAFullRead) {
  answer({"abc"});
  auto reading = begin(3);
  EXPECT_EQ(sizes_of(*reading), Sizes{3});
  EXPECT_FALSE(reading->eof());
}

TEST_F(FileReadingTest, ReportsTheEndOfTheFile) {
  answer({"abc"});
  auto reading = begin(4);
  EXPECT_EQ(sizes_of(*reading), Sizes{3});
  EXPECT_EQ(reading->count(), 3);
  EXPECT_TRUE(reading->eof());
}

TEST_F(FileReadingTest, ReadsNothingForACountOfZero) {
  answer({"abc"});
  auto reading = begin(0);
  EXPECT_EQ(sizes_of(*reading), Sizes{});
  EXPECT_EQ(reading->count(), 0);
  EXPECT_FALSE(reading->eof());
  EXPECT_EQ(record_->reads, 0);
}

TEST_F(FileReadingTest, FillsEveryPieceExceptTheLast) {
  answer({std::string(piece - 1, 'x'), std::string(piece + 5, 'x'), std::string(10, 'x')});
  auto reading = begin(10 * piece);
  EXPECT_EQ(sizes_of(*reading), (Sizes{piece, piece, 14}));
  EXPECT_EQ(reading->count(), std::int64_t{2 * piece + 14});
  EXPECT_TRUE(reading->eof());
  EXPECT_EQ(piece % 3, 0U);
}

TEST_F(FileReadingTest, ReadsEachPieceOnRequest) {
  answer({std::string(2 * piece, 'x')});
  auto reading = begin(2 * piece);
  EXPECT_EQ(record_->reads, 1);
  EXPECT_EQ(reading->next().size(), piece);
  EXPECT_EQ(record_->reads, 1);
  EXPECT_EQ(reading->count(), std::int64_t{piece});
  EXPECT_EQ(reading->next().size(), piece);
  EXPECT_EQ(record_->reads, 2);
}

TEST_F(FileReadingTest, ReportsAnErrorBeforeTheFirstByte) {
  answer({failure("broken")});
  const auto reading = begin(10);
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().message, "broken");
  EXPECT_TRUE(is_free());
}

TEST_F(FileReadingTest, StopsAtAnErrorAfterTheFirstByte) {
  answer({"abc", failure("broken"), "def"});
  auto reading = begin(10);
  ASSERT_TRUE(reading);
  EXPECT_EQ(sizes_of(*reading), Sizes{3});
  EXPECT_EQ(reading->count(), 3);
  EXPECT_FALSE(reading->eof());
}

TEST_F(FileReadingTest, StopsAtAnErrorBetweenPieces) {
  answer({std::string(piece, 'x'), failure("broken"), "def"});
  auto reading = begin(2 * piece);
  EXPECT_EQ(sizes_of(*reading), Sizes{piece});
  EXPECT_EQ(reading->count(), std::int64_t{piece});
  EXPECT_FALSE(reading->eof());
}

TEST_F(FileReadingTest, KeepsTheLeaseUntilAllIsRead) {
  answer({std::string(2 * piece, 'x')});
  auto reading = begin(2 * piece);
  EXPECT_FALSE(is_free());
  reading->next();
  EXPECT_FALSE(is_free());
  reading->next();
  EXPECT_TRUE(is_free());
}

TEST_F(FileReadingTest, ReleasesTheLeaseWhenItIsDestroyed) {
  answer({std::string(2 * piece, 'x')});
  {
    auto reading = begin(2 * piece);
    reading->next();
  }
  EXPECT_TRUE(is_free());
}

}  // namespace
}  // namespace bellhop::state
