// SPDX-License-Identifier: Apache-2.0
#include "wire/utf8.h"

#include <gtest/gtest.h>

namespace bellhop::wire::utf8 {
namespace {

std::string encoded(char32_t code_point) {
  char bytes[4];
  return {bytes, encode(bytes, code_point)};
}

TEST(Utf8, DecodesWhatItEncodes) {
  for (char32_t code_point = 1; code_point <= 0x10FFFF; ++code_point) {
    const Sequence sequence = decode(encoded(code_point) + "x");
    ASSERT_TRUE(sequence.code_point == code_point);
    ASSERT_EQ(sequence.valid, is_character(code_point)) << std::uint32_t{code_point};
    ASSERT_EQ(sequence.length, encoded(code_point).size());
  }
}

TEST(Utf8, ClassifiesCodePoints) {
  for (unsigned invalid :
       {0xD800U, 0xDFFFU, 0xFDD0U, 0xFDEFU, 0xFFFEU, 0xFFFFU, 0x1FFFEU, 0x10FFFFU, 0x110000U}) {
    EXPECT_FALSE(is_character(invalid)) << invalid;
  }
  for (unsigned valid :
       {0x0U, 0x7FU, 0xD7FFU, 0xE000U, 0xFDCFU, 0xFDF0U, 0xFFFDU, 0x10000U, 0x10FFFDU}) {
    EXPECT_TRUE(is_character(valid)) << valid;
  }
}

TEST(Utf8, DecodesBothFormsOfNul) {
  EXPECT_EQ(encoded(0), "\xC0\x80");
  EXPECT_TRUE(decode("\xC0\x80").valid);
  EXPECT_TRUE(decode("\xC0\x80").code_point == 0);
  EXPECT_TRUE(decode(std::string(1, '\0')).valid);
}

TEST(Utf8, RejectsOverlongForms) {
  for (const char* text :
       {"\xC0\x81", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_FALSE(decode(text).valid) << text;
    EXPECT_EQ(decode(text).length, std::string_view(text).size()) << text;
  }
}

TEST(Utf8, SkipsAnInvalidSequenceAsOne) {
  EXPECT_EQ(decode("\x80\x80").length, 1u);
  EXPECT_EQ(decode("\xFF\x80").length, 1u);
  EXPECT_EQ(decode("\xE2\x82z").length, 2u);
  EXPECT_EQ(decode("\xE2\x82").length, 2u);
  EXPECT_EQ(decode("\xE2\xC3\xA9").length, 1u);
  EXPECT_EQ(decode("\xF8\x88\x80\x80\x80\x80").length, 5u);
  EXPECT_EQ(decode("\xFC\x84\x80\x80\x80\x80").length, 6u);
}

TEST(Utf8, ValidatesText) {
  const std::string ascii = "0123456789 and so on, longer than a word of the machine";
  for (std::size_t at = 0; at < ascii.size(); ++at) {
    EXPECT_TRUE(is_valid(std::string(ascii).insert(at, "\xE2\x82\xAC")));
    EXPECT_FALSE(is_valid(std::string(ascii).insert(at, "\xE2\x82")));
  }
  EXPECT_TRUE(is_valid(""));
}

}  // namespace
}  // namespace bellhop::wire::utf8
