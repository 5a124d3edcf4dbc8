// SPDX-License-Identifier: Apache-2.0
#include "state/open_files.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "unit/gate.h"
#include "unit/state/fake_filesystems.h"
#include "unit/state/scripted_file.h"

namespace bellhop::state {
namespace {

using bellhop::testing::Barrier;
using bellhop::testing::FileRecord;
using bellhop::testing::ScriptedFile;
using bellhop::testing::TemporaryDirectory;
using platform::File;
using platform::FileMode;
using std::chrono::milliseconds;

constexpr std::chrono::hours long_timeout{1};

class OpenFilesTest : public ::testing::Test {
 protected:
  // Opens scripted files. "missing" cannot be opened.
  OpenFiles make(std::chrono::milliseconds timeout) {
    return OpenFiles(
        persistent_,
        [this](const std::string& path, const FileMode& mode) -> Result<std::unique_ptr<File>> {
          path_ = path;
          mode_ = mode;
          if (path == "missing") return failure("no such file");
          auto file = std::make_unique<ScriptedFile>(record_, std::deque<ScriptedFile::Answer>{});
          file->on_read = on_read_;
          file->close_result = close_result_;
          return file;
        },
        timeout);
  }
  static std::string error_of(const auto& result) {
    return result ? "no error" : result.error().message;
  }
  static std::size_t read_one(const FileLease& lease) {
    std::byte room{};
    return lease.file().read({&room, 1}).value_or(99);
  }

  TemporaryDirectory directory_;
  PersistentState persistent_{directory_.path()};
  std::shared_ptr<FileRecord> record_ = std::make_shared<FileRecord>();
  std::function<void()> on_read_;
  Result<void> close_result_;
  std::string path_;
  FileMode mode_;
};

TEST_F(OpenFilesTest, AssignsEachFileADifferentHandle) {
  OpenFiles files = make(milliseconds(0));
  EXPECT_EQ(files.open("x", "r").value_or(-1), 1000);
  EXPECT_EQ(path_, "x");
  EXPECT_EQ(files.open("x", "r").value_or(-1), 1001);
  EXPECT_TRUE(files.acquire(1000));
  EXPECT_TRUE(files.acquire(1001));
}

TEST_F(OpenFilesTest, AssignsNoHandleToAFileThatCannotBeOpened) {
  OpenFiles files = make(milliseconds(0));
  EXPECT_EQ(error_of(files.open("missing", "r")), "no such file");
  EXPECT_EQ(files.open("x", "r").value_or(-1), 1000);
}

TEST_F(OpenFilesTest, AcceptsTheModesOfTheCStandard) {
  OpenFiles files = make(milliseconds(0));
  const auto opened = [&](std::string_view mode) {
    EXPECT_TRUE(files.open("x", mode)) << mode;
    EXPECT_EQ(mode_.name, mode);
    return std::string(mode_.read ? "read " : "") + (mode_.write ? "write " : "") +
           (mode_.create ? "create " : "") + (mode_.truncate ? "truncate " : "") +
           (mode_.append ? "append " : "");
  };
  for (const char* mode : {"r", "rb"}) EXPECT_EQ(opened(mode), "read ");
  for (const char* mode : {"w", "wb"}) EXPECT_EQ(opened(mode), "write create truncate ");
  for (const char* mode : {"a", "ab"}) EXPECT_EQ(opened(mode), "write create append ");
  for (const char* mode : {"r+", "rb+", "r+b"}) EXPECT_EQ(opened(mode), "read write ");
  for (const char* mode : {"w+", "wb+", "w+b"}) {
    EXPECT_EQ(opened(mode), "read write create truncate ");
  }
  for (const char* mode : {"a+", "ab+", "a+b"}) {
    EXPECT_EQ(opened(mode), "read write create append ");
  }
}

TEST_F(OpenFilesTest, RejectsOtherModes) {
  OpenFiles files = make(milliseconds(0));
  for (const char* mode : {"", "x", "rw", "r ", "R", "rt", "wx", "re", "+r", "br", "r++", "rbb"}) {
    EXPECT_EQ(error_of(files.open("missing", mode)),
              "invalid file open mode '" + std::string(mode) + "'");
  }
}

TEST_F(OpenFilesTest, ClosesTheFileWhenItCannotStoreTheHandle) {
  std::filesystem::remove_all(directory_.path());
  OpenFiles files = make(milliseconds(0));
  EXPECT_EQ(error_of(files.open("x", "r")), "failed to commit persistent state to disk");
  EXPECT_TRUE(record_->closed);
}

TEST_F(OpenFilesTest, RejectsUnknownHandles) {
  OpenFiles files = make(milliseconds(0));
  EXPECT_EQ(error_of(files.acquire(7)), "handle '7' has not been found");
  EXPECT_EQ(error_of(files.close(-1)), "handle '-1' has not been found");
}

TEST_F(OpenFilesTest, RejectsAClosedHandle) {
  OpenFiles files = make(milliseconds(0));
  ASSERT_TRUE(files.open("x", "r"));
  EXPECT_TRUE(files.close(1000));
  EXPECT_TRUE(record_->closed);
  EXPECT_EQ(error_of(files.acquire(1000)), "handle '1000' has not been found");
  EXPECT_EQ(error_of(files.close(1000)), "handle '1000' has not been found");
}

TEST_F(OpenFilesTest, RejectsAHandleThatWasClosedWithAnError) {
  close_result_ = failure("failed to close handle: Input/output error");
  OpenFiles files = make(milliseconds(0));
  ASSERT_TRUE(files.open("x", "r"));
  EXPECT_EQ(error_of(files.close(1000)), "failed to close handle: Input/output error");
  EXPECT_EQ(error_of(files.close(1000)), "handle '1000' has not been found");
}

TEST_F(OpenFilesTest, WaitsForTheEarlierLease) {
  OpenFiles files = make(long_timeout);
  ASSERT_TRUE(files.open("x", "r"));
  std::optional<Result<FileLease>> first = files.acquire(1000);
  ASSERT_TRUE(*first);
  std::atomic<bool> ended = false;
  std::jthread second([&] {
    EXPECT_TRUE(files.acquire(1000));
    EXPECT_TRUE(ended);
  });
  ended = true;
  first.reset();
}

TEST_F(OpenFilesTest, TimesOutWaitingForALease) {
  OpenFiles files = make(milliseconds(1));
  ASSERT_TRUE(files.open("x", "r"));
  const auto lease = files.acquire(1000);
  EXPECT_EQ(error_of(files.acquire(1000)),
            "handle '1000' is busy: an earlier command on it has not ended");
}

TEST_F(OpenFilesTest, DoesNotBlockOtherFilesWhileOneIsStuck) {
  Barrier barrier;
  on_read_ = [&] { barrier.pass(); };
  OpenFiles files = make(long_timeout);
  ASSERT_TRUE(files.open("x", "r"));
  std::jthread stuck([&] { read_one(*files.acquire(1000)); });
  barrier.await_thread();

  ASSERT_TRUE(files.open("y", "r"));
  EXPECT_TRUE(files.acquire(1001));
  EXPECT_TRUE(files.close(1001));
  barrier.open();
}

TEST_F(OpenFilesTest, ClosesAStuckFileWhenItsLeaseEnds) {
  Barrier barrier;
  on_read_ = [&] { barrier.pass(); };
  OpenFiles files = make(milliseconds(1));
  ASSERT_TRUE(files.open("x", "r"));
  {
    std::jthread stuck([&] { EXPECT_EQ(read_one(*files.acquire(1000)), 0U); });
    barrier.await_thread();
    EXPECT_TRUE(files.close(1000));
    EXPECT_EQ(error_of(files.acquire(1000)), "handle '1000' has not been found");
    EXPECT_FALSE(record_->closed);
    barrier.open();
  }
  EXPECT_TRUE(record_->closed);
}

TEST_F(OpenFilesTest, FailsToAcquireAFileThatIsClosedMeanwhile) {
  OpenFiles files = make(long_timeout);
  ASSERT_TRUE(files.open("x", "r"));
  std::optional<Result<FileLease>> lease = files.acquire(1000);
  // The same error, whether acquire() waits before the close or is called after it.
  std::jthread closing([&] { EXPECT_TRUE(files.close(1000)); });
  EXPECT_EQ(error_of(files.acquire(1000)), "handle '1000' has not been found");
  lease.reset();
}

TEST_F(OpenFilesTest, ClosesAllFilesInTheDestructor) {
  {
    OpenFiles files = make(milliseconds(0));
    ASSERT_TRUE(files.open("x", "r"));
  }
  EXPECT_TRUE(record_->closed);
}

TEST_F(OpenFilesTest, KeepsAFileOpenDuringItsLease) {
  std::optional<Result<FileLease>> lease;
  {
    OpenFiles files = make(milliseconds(0));
    ASSERT_TRUE(files.open("x", "r"));
    lease.emplace(files.acquire(1000));
  }
  EXPECT_FALSE(record_->closed);
  EXPECT_EQ(read_one(**lease), 0U);
  lease.reset();
  EXPECT_TRUE(record_->closed);
}

TEST_F(OpenFilesTest, OpensRealFilesByDefault) {
  OpenFiles files(persistent_);
  EXPECT_TRUE(files.open(directory_.path(), "r"));
  EXPECT_TRUE(error_of(files.open(directory_.path(), "w")).ends_with(": Is a directory"));
}

}  // namespace
}  // namespace bellhop::state
