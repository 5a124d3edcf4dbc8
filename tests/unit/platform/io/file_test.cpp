// SPDX-License-Identifier: Apache-2.0
#include "platform/io/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "unit/gate.h"

namespace bellhop::platform {
namespace {

using bellhop::testing::TemporaryDirectory;

constexpr FileMode reading{.name = "r", .read = true};
constexpr FileMode updating{.name = "r+", .read = true, .write = true};
constexpr FileMode replacing{.name = "w", .write = true, .create = true, .truncate = true};
constexpr FileMode appending{
    .name = "a+", .read = true, .write = true, .create = true, .append = true};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class PlatformFile : public ::testing::Test {
 protected:
  std::string make(const std::string& name, std::string_view content) {
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return directory_ / name;
  }
  std::string content(const std::string& name) {
    std::ifstream in(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::unique_ptr<File> open(const std::string& path, const FileMode& mode) {
    auto file = open_file(path, mode);
    EXPECT_TRUE(file) << file.error().message;
    return file ? *std::move(file) : nullptr;
  }
  static std::string open_error(const std::string& path, const FileMode& mode) {
    const auto file = open_file(path, mode);
    return file ? "no error" : file.error().message;
  }
  static std::string read(File& file, std::size_t size) {
    std::string room(size, '\0');
    const auto count = file.read(std::as_writable_bytes(std::span(room)));
    return count ? room.substr(0, *count) : count.error().message;
  }
  static std::string write(File& file, std::string_view bytes) {
    const auto count = file.write(bytes_of(bytes));
    return count ? std::to_string(*count) : count.error().message;
  }
  static std::int64_t position(File& file) { return file.seek(0, SeekFrom::current).value_or(-1); }

  TemporaryDirectory directory_;
};

TEST_F(PlatformFile, ReadsFromItsPositionUntilTheEnd) {
  const auto file = open(make("f", "hello"), reading);
  EXPECT_EQ(read(*file, 3), "hel");
  EXPECT_EQ(position(*file), 3);
  EXPECT_EQ(read(*file, 10), "lo");
  EXPECT_EQ(read(*file, 10), "");
}

TEST_F(PlatformFile, WritesWithoutBuffering) {
  const auto file = open(directory_ / "f", replacing);
  EXPECT_EQ(write(*file, "hello"), "5");
  EXPECT_EQ(content("f"), "hello");
}

TEST_F(PlatformFile, KeepsTheRestWhenItOverwrites) {
  const auto file = open(make("f", "hello"), updating);
  EXPECT_EQ(write(*file, "J"), "1");
  EXPECT_EQ(read(*file, 10), "ello");
  EXPECT_EQ(content("f"), "Jello");
}

TEST_F(PlatformFile, TruncatesAFileToReplaceIt) {
  const auto file = open(make("f", "hello"), replacing);
  EXPECT_EQ(content("f"), "");
  EXPECT_EQ(read(*file, 1), "failed to read file: Bad file descriptor");
}

TEST_F(PlatformFile, AppendsAtAnyPosition) {
  const auto file = open(make("f", "hello"), appending);
  EXPECT_EQ(position(*file), 0);
  EXPECT_EQ(read(*file, 2), "he");
  EXPECT_EQ(write(*file, "!"), "1");
  EXPECT_EQ(position(*file), 6);
  EXPECT_EQ(content("f"), "hello!");
}

TEST_F(PlatformFile, CreatesFilesWithMode0666WithAnyUmask) {
  const mode_t before = ::umask(077);
  open(directory_ / "f", replacing);
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((directory_ / "f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0666U);
}

TEST_F(PlatformFile, KeepsThePermissionsOfAnExistingFile) {
  const std::string path = make("f", "");
  ::chmod(path.c_str(), 0600);
  open(path, replacing);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(PlatformFile, ReportsWhyItCannotBeOpened) {
  const std::string missing = directory_ / "missing";
  EXPECT_EQ(open_error(missing, reading),
            "failed to open file '" + missing + "' (mode: 'r'): No such file or directory");
  EXPECT_EQ(open_error(directory_.path(), replacing),
            "failed to open file '" + directory_.path() + "' (mode: 'w'): Is a directory");
}

TEST_F(PlatformFile, DoesNotCreateTheTargetOfADanglingLink) {
  ASSERT_EQ(::symlink((directory_ / "target").c_str(), (directory_ / "link").c_str()), 0);
  EXPECT_TRUE(open_error(directory_ / "link", replacing).ends_with("No such file or directory"));
}

TEST_F(PlatformFile, OpensADirectoryButCannotReadIt) {
  const auto file = open(directory_.path(), reading);
  EXPECT_EQ(read(*file, 1), "failed to read file: Is a directory");
}

TEST_F(PlatformFile, SeeksFromStartCurrentAndEnd) {
  const auto file = open(make("f", "0123456789"), reading);
  EXPECT_EQ(file->seek(4, SeekFrom::start).value_or(-1), 4);
  EXPECT_EQ(file->seek(-1, SeekFrom::current).value_or(-1), 3);
  EXPECT_EQ(file->seek(-2, SeekFrom::end).value_or(-1), 8);
  EXPECT_EQ(file->seek(100, SeekFrom::end).value_or(-1), 110);
  EXPECT_EQ(file->seek(-1, SeekFrom::start).error().message,
            "failed to seek file: Invalid argument");
  EXPECT_EQ(position(*file), 110);
}

TEST_F(PlatformFile, DoesNotWaitForTheOtherEndOfAFifo) {
  const std::string path = directory_ / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(open_error(path, replacing).ends_with("No such device or address"));
  const auto reader = open(path, reading);
  EXPECT_EQ(read(*reader, 1), "");
  const auto writer = open(path, replacing);
  EXPECT_EQ(read(*reader, 1), "failed to read file: Resource temporarily unavailable");
  EXPECT_EQ(reader->seek(0, SeekFrom::current).error().message,
            "failed to seek file: Illegal seek");
  EXPECT_EQ(write(*writer, "abc"), "3");
  EXPECT_EQ(read(*reader, 10), "abc");
}

TEST_F(PlatformFile, ReportsAFullDisk) {
  const auto file = open("/dev/full", updating);
  EXPECT_EQ(write(*file, "x"), "failed to write to file: No space left on device");
}

TEST_F(PlatformFile, IsNotInheritedByPrograms) {
  const std::string path = make("f", "hello");
  const auto file = open(path, reading);
  for (int fd = 3; fd < 256; ++fd) {
    char target[4096];
    const auto link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
    if (length < 0 || std::string_view(target, static_cast<std::size_t>(length)) != path) continue;
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
    return;
  }
  FAIL() << "no descriptor refers to " << path;
}

}  // namespace
}  // namespace bellhop::platform
