// SPDX-License-Identifier: Apache-2.0
#include "printable.h"

#include <gtest/gtest.h>

#include <string>

namespace bellhop::client {
namespace {

TEST(Printable, KeepsPrintableText) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("plain ~ \"quoted\" \\n"), "plain ~ \"quoted\" \\n");
  EXPECT_EQ(printable("Zürich 日本 😀 \u00A0"), "Zürich 日本 😀 \u00A0");
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable("a\x1B[2Jb\r\n\t\x7F"), "a\\u001b[2Jb\\u000d\\u000a\\u0009\\u007f");
  EXPECT_EQ(printable("\u0080\u009B31m"), "\\u0080\\u009b31m");
  EXPECT_EQ(printable(std::string(1, '\0')), "\\u0000");
}

TEST(Printable, KeepsLineFeedsOnRequest) {
  EXPECT_EQ(printable("{\n}\x1B", true), "{\n}\\u001b");
}

TEST(Printable, EscapesInvalidUtf8) {
  EXPECT_EQ(printable("\xFF|\xC2|\xC0\x80|\xED\xA0\x80|\xF4\x90\x80\x80|\xE2\x82"),
            "\\xff|\\xc2|\\xc0\\x80|\\xed\\xa0\\x80|\\xf4\\x90\\x80\\x80|\\xe2\\x82");
  EXPECT_EQ(printable("\x9B"
                      "31m"),
            "\\x9b31m");
}

}  // namespace
}  // namespace bellhop::client
