// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <gtest/gtest.h>

namespace bellhop {
namespace {

TEST(Path, KeepsText) {
  EXPECT_EQ(to_utf8(path_from_utf8("/home/Zoë/файл")), "/home/Zoë/файл");
  EXPECT_EQ(path_from_utf8("").empty(), true);
}

// On POSIX systems, a path is a sequence of bytes.
TEST(Path, KeepsBytesThatAreNotUtf8) {
  const std::string bytes = "/\xFF\xC3x";
  EXPECT_EQ(path_from_utf8(bytes).native(), bytes);
  EXPECT_EQ(to_utf8(path_from_utf8(bytes)), bytes);
}

TEST(Path, IsAbsoluteFromTheRoot) {
  EXPECT_TRUE(is_absolute_path("/"));
  EXPECT_TRUE(is_absolute_path("/etc/x"));
  EXPECT_FALSE(is_absolute_path("etc/x"));
  EXPECT_FALSE(is_absolute_path("./x"));
  EXPECT_FALSE(is_absolute_path(""));
}

}  // namespace
}  // namespace bellhop
