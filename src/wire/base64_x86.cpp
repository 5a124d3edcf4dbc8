// Base64 with the vector instructions of x86. The method is Wojciech Muła's and Daniel Lemire's
// ("Faster Base64 Encoding and Decoding Using AVX2 Instructions", 2018): multiplications move the
// bits, byte shuffles look up the alphabet.
#include "wire/base64_implementation.h"

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>

#include <cstdint>

namespace bellhop::wire::base64 {
namespace {

using Table = std::int8_t[16];

// Encoding. Each 32-bit lane receives the bytes b a c b of one group of three. Four 6-bit values
// are extracted from it: two by a high multiplication (a right shift), two by a low one (a left
// shift).
alignas(16) constexpr Table spread = {1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10};

// The offset to add to a value, by the value's group: 0 is a to z, 1 to 10 the digits, 11 is +,
// 12 is /, 13 is A to Z.
constexpr std::int8_t digit_offset = '0' - 52;
alignas(16) constexpr Table text_offsets = {'a' - 26,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            digit_offset,
                                            '+' - 62,
                                            '/' - 63,
                                            'A',
                                            0,
                                            0};

// Decoding. A character is in the alphabet if the entries for its two nibbles have no bit in
// common. The bits: 1 is + and /, 2 the digits, 4 A to O and a to o, 8 P to Z and p to z, 16
// characters that are never valid.
alignas(16) constexpr Table bad_low_nibble = {0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                              0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A};
alignas(16) constexpr Table bad_high_nibble = {0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
                                               0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};

// The offset to add to a character, by its high nibble; for '/', by its high nibble minus one.
alignas(16) constexpr Table value_offsets = {
    0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0};

// Moves the 24 bits of each 32-bit lane to the front, with their bytes in order.
alignas(16) constexpr Table gather = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1};

[[gnu::target("ssse3")]] inline __m128i load(const Table& table) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(table));
}

[[gnu::target("avx2")]] inline __m256i load_twice(const Table& table) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
}

[[gnu::target("ssse3")]] inline __m128i values_to_text(__m128i values) {
  const __m128i offsets = load(text_offsets);
  const __m128i beyond_letters = _mm_subs_epu8(values, _mm_set1_epi8(51));
  const __m128i capital = _mm_cmpgt_epi8(_mm_set1_epi8(26), values);
  const __m128i group = _mm_or_si128(beyond_letters, _mm_and_si128(capital, _mm_set1_epi8(13)));
  return _mm_add_epi8(values, _mm_shuffle_epi8(offsets, group));
}

[[gnu::target("ssse3")]] std::size_t encode_ssse3(std::span<const std::byte> bytes, char* out) {
  std::size_t done = 0;
  // A block has 12 bytes, but 16 are read.
  for (; bytes.size() - done >= 16; done += 12, out += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + done));
    block = _mm_shuffle_epi8(block, load(spread));
    const __m128i first_and_third = _mm_mulhi_epu16(
        _mm_and_si128(block, _mm_set1_epi32(0x0FC0FC00)), _mm_set1_epi32(0x04000040));
    const __m128i second_and_fourth = _mm_mullo_epi16(
        _mm_and_si128(block, _mm_set1_epi32(0x003F03F0)), _mm_set1_epi32(0x01000010));
    const __m128i text = values_to_text(_mm_or_si128(first_and_third, second_and_fourth));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), text);
  }
  return done;
}

[[gnu::target("ssse3")]] std::size_t decode_ssse3(std::span<const char> text, std::byte* out) {
  std::size_t done = 0;
  for (; text.size() - done >= 16; done += 16, out += 12) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + done));
    const __m128i nibble = _mm_set1_epi8(0x0F);
    const __m128i low = _mm_and_si128(block, nibble);
    const __m128i high = _mm_and_si128(_mm_srli_epi32(block, 4), nibble);
    const __m128i bad = _mm_and_si128(_mm_shuffle_epi8(load(bad_low_nibble), low),
                                      _mm_shuffle_epi8(load(bad_high_nibble), high));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) != 0xFFFF) break;

    const __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('/'));
    const __m128i offsets = _mm_shuffle_epi8(load(value_offsets), _mm_add_epi8(high, slash));
    const __m128i values = _mm_add_epi8(block, offsets);
    const __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
    const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    const __m128i bytes = _mm_shuffle_epi8(groups, load(gather));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
  }
  return done;
}

[[gnu::target("avx2")]] inline __m256i values_to_text(__m256i values) {
  const __m256i offsets = load_twice(text_offsets);
  const __m256i beyond_letters = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
  const __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
  const __m256i group =
      _mm256_or_si256(beyond_letters, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
  return _mm256_add_epi8(values, _mm256_shuffle_epi8(offsets, group));
}

[[gnu::target("avx2")]] std::size_t encode_avx2(std::span<const std::byte> bytes, char* out) {
  std::size_t done = 0;
  // A block has 24 bytes, 12 for each half of the register, but 28 are read.
  for (; bytes.size() - done >= 28; done += 24, out += 32) {
    const std::byte* const at = bytes.data() + done;
    __m256i block = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 12)), 1);
    block = _mm256_shuffle_epi8(block, load_twice(spread));
    const __m256i first_and_third = _mm256_mulhi_epu16(
        _mm256_and_si256(block, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
    const __m256i second_and_fourth = _mm256_mullo_epi16(
        _mm256_and_si256(block, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
    const __m256i text = values_to_text(_mm256_or_si256(first_and_third, second_and_fourth));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), text);
  }
  return done;
}

[[gnu::target("avx2")]] std::size_t decode_avx2(std::span<const char> text, std::byte* out) {
  std::size_t done = 0;
  for (; text.size() - done >= 32; done += 32, out += 24) {
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + done));
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    const __m256i low = _mm256_and_si256(block, nibble);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(block, 4), nibble);
    const __m256i bad = _mm256_and_si256(_mm256_shuffle_epi8(load_twice(bad_low_nibble), low),
                                         _mm256_shuffle_epi8(load_twice(bad_high_nibble), high));
    if (!_mm256_testz_si256(bad, bad)) break;

    const __m256i slash = _mm256_cmpeq_epi8(block, _mm256_set1_epi8('/'));
    const __m256i offsets =
        _mm256_shuffle_epi8(load_twice(value_offsets), _mm256_add_epi8(high, slash));
    const __m256i values = _mm256_add_epi8(block, offsets);
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i halves = _mm256_shuffle_epi8(groups, load_twice(gather));
    // Each half contains 12 bytes: close the gap between them.
    const __m256i bytes =
        _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  }
  return done;
}

bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0;
}
bool has_ssse3() {
  return __builtin_cpu_supports("ssse3") != 0;
}

}  // namespace

std::span<const Implementation> x86_implementations() {
  static constexpr Implementation list[] = {{"avx2", has_avx2, encode_avx2, decode_avx2},
                                            {"ssse3", has_ssse3, encode_ssse3, decode_ssse3}};
  return list;
}

}  // namespace bellhop::wire::base64

#else

namespace bellhop::wire::base64 {
std::span<const Implementation> x86_implementations() {
  return {};
}
}  // namespace bellhop::wire::base64

#endif
