// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string_view>
#include <vector>

#include "wire/base64_vectors.h"

namespace bellhop::wire::base64 {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string encoded(const Vectors& vectors, std::string_view bytes) {
  std::string out;
  append_encoded(vectors, out, bytes_of(bytes));
  return out;
}

// nullopt for invalid text.
std::optional<std::string> decoded(const Vectors& vectors, std::string text) {
  const auto bytes = decode_in_place(vectors, text);
  if (!bytes) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The simplest possible implementations of the description in base64.h.
std::string expected_encoding(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned group = 0;
    for (std::size_t i = at; i < at + 3; ++i) {
      group = group * 256 + (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0);
    }
    out += alphabet[group / 262144];
    out += alphabet[group / 4096 % 64];
    out += at + 1 < bytes.size() ? alphabet[group / 64 % 64] : '=';
    out += at + 2 < bytes.size() ? alphabet[group % 64] : '=';
  }
  return out;
}

std::optional<std::string> expected_decoding(std::string_view text) {
  std::string out;
  std::string quantum;
  for (const char character : text) {
    if (character == '\n') continue;
    if (character != '=' && alphabet.find(character) == alphabet.npos) return std::nullopt;
    quantum += character;
    if (quantum.size() < 4) continue;
    unsigned group = 0;
    for (const char digit : quantum) {
      group = group * 64 + (digit == '=' ? 0 : static_cast<unsigned>(alphabet.find(digit)));
    }
    out += static_cast<char>(group / 65536);
    if (quantum[2] != '=') out += static_cast<char>(group / 256 % 256);
    if (quantum[3] != '=') out += static_cast<char>(group % 256);
    quantum.clear();
  }
  return out;
}

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() & 255);
  return bytes;
}

std::vector<Vectors> available_vectors() {
  std::vector<Vectors> available;
  std::ranges::copy_if(all_vectors(), std::back_inserter(available),
                       [](const Vectors& each) { return each.available(); });
  return available;
}

class Base64 : public testing::TestWithParam<Vectors> {
 protected:
  const Vectors& vectors() const { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Vectors, Base64, testing::ValuesIn(available_vectors()),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

TEST_P(Base64, EncodesTheTestVectorsOfRfc4648) {
  EXPECT_EQ(encoded(vectors(), ""), "");
  EXPECT_EQ(encoded(vectors(), "f"), "Zg==");
  EXPECT_EQ(encoded(vectors(), "fo"), "Zm8=");
  EXPECT_EQ(encoded(vectors(), "foo"), "Zm9v");
  EXPECT_EQ(encoded(vectors(), "foob"), "Zm9vYg==");
  EXPECT_EQ(encoded(vectors(), "fooba"), "Zm9vYmE=");
  EXPECT_EQ(encoded(vectors(), "foobar"), "Zm9vYmFy");
}

TEST_P(Base64, EncodesAndDecodesEveryLength) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::string bytes = random_bytes(random, size);
    const std::string text = encoded(vectors(), bytes);
    ASSERT_EQ(text, expected_encoding(bytes)) << size;
    ASSERT_EQ(text.size(), encoded_size(size));
    ASSERT_EQ(decoded(vectors(), text), bytes) << size;
  }
}

TEST_P(Base64, AppendsToTheOutput) {
  std::string out = "before ";
  append_encoded(vectors(), out, bytes_of("foobar"));
  EXPECT_EQ(out, "before Zm9vYmFy");
}

TEST_P(Base64, EncodesAndDecodesEveryValueAtEveryPosition) {
  for (std::size_t position = 0; position < 64; ++position) {
    for (const char character : alphabet) {
      std::string text = "x" + std::string(64, 'A');
      text[1 + position] = character;
      // Not aligned.
      const auto bytes = decode_in_place(vectors(), std::span(text).subspan(1));
      ASSERT_TRUE(bytes) << character << " at " << position;
      std::string expected(64, 'A');
      expected[position] = character;
      std::string again;
      append_encoded(vectors(), again, *bytes);
      ASSERT_EQ(again, expected);
      ASSERT_EQ(again, expected_encoding({reinterpret_cast<const char*>(bytes->data()), 48}));
    }
  }
}

TEST_P(Base64, SkipsLineFeedsAnywhere) {
  std::mt19937 random(2);
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::string bytes = random_bytes(random, size);
    std::string text = encoded(vectors(), bytes);
    for (unsigned feeds = 1 + random() % 8; feeds > 0; --feeds) {
      text.insert(random() % (text.size() + 1), 1 + random() % 3, '\n');
    }
    ASSERT_EQ(decoded(vectors(), text), bytes) << text;
  }
}

TEST_P(Base64, DecodesLinesOf76Characters) {
  std::mt19937 random(3);
  const std::string bytes = random_bytes(random, 100'000);
  std::string text;
  for (std::size_t at = 0; const char character : encoded(vectors(), bytes)) {
    text += character;
    if (++at % 76 == 0) text += '\n';
  }
  EXPECT_EQ(decoded(vectors(), text), bytes);
}

TEST_P(Base64, RejectsEveryOtherByteAtEveryPosition) {
  const std::string good = encoded(vectors(), std::string(150, '\x5A'));
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string text = good;
    const char character = static_cast<char>(byte);
    for (std::size_t at = 0; at < text.size(); ++at) {
      text[at] = character;
      ASSERT_EQ(decoded(vectors(), text), expected_decoding(text))
          << "byte " << byte << " at " << at;
      text[at] = good[at];
    }
  }
}

// The results are those of guest-file-write of qemu-ga 11.1.3.
TEST_P(Base64, DecodesIrregularTextAsQemuGaDoes) {
  using std::string_literals::operator""s;
  const std::pair<std::string, std::string> cases[] = {
      {"=", ""},
      {"====", "\0"s},
      {"QQ", ""},
      {"QQ=", ""},
      {"QQ==", "A"},
      {"QR==", "A"},
      {"QQ===", "A"},
      {"QUI", ""},
      {"QUI=", "AB"},
      {"QUJD=", "ABC"},
      {"QUJD====", "ABC\0"s},
      {"QUJDR", "ABC"},
      {"Q===", "@"},
      {"QQ==QUJD", "AABC"},
      {"QUI=QUJD", "ABABC"},
      {"Q=UJD", "@\5\11"},
      {"QU=JD", "A\11"},
      {"QQ=\n=", "A"},
      {"\n=", ""},
      {"====QUJD", "\0ABC"s},
      {"=QUJD", "\1\5\11"},
      {"QQ==QQ==", "AA"},
      {"QUI==UI=", "AB\1B"},
      {"QQ=Q", "A\20"},
      {"QQQ\nQ", "A\4\20"},
      {"QQ====QUJD", "A\0\4\24"s},
  };
  for (const auto& [text, bytes] : cases) {
    EXPECT_EQ(decoded(vectors(), text), bytes) << text;
  }
}

TEST_P(Base64, AgreesWithItsDescriptionOnRandomText) {
  std::mt19937 random(4);
  constexpr std::string_view characters = "ABCXYZabcxyz0189+/AQgw====\n\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 150, '\0');
    const unsigned kinds = random() % 2 == 0 ? 20 : 28;  // without or with irregular characters
    for (char& character : text) character = characters[random() % kinds];
    ASSERT_EQ(decoded(vectors(), text), expected_decoding(text)) << text;
  }
}

TEST_P(Base64, DoesNotWriteBeyondTheText) {
  for (std::size_t size = 0; size <= 100; ++size) {
    std::string text = encoded(vectors(), std::string(size, 'x'));
    const std::size_t length = text.size();
    text.append(64, '~');
    ASSERT_TRUE(decode_in_place(vectors(), std::span(text).first(length)));
    ASSERT_THAT(text.substr(length), testing::Each('~')) << size;
  }
}

// The functions of the interface choose the vectors themselves.
TEST(Base64Interface, EncodesAndDecodes) {
  std::string text;
  append_encoded(text, bytes_of(std::string(100, 'x')));
  EXPECT_EQ(text, expected_encoding(std::string(100, 'x')));
  const auto bytes = decode_in_place(text);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 100);
  EXPECT_THAT(*bytes, testing::Each(std::byte{'x'}));
}

}  // namespace
}  // namespace bellhop::wire::base64
