// SPDX-License-Identifier: Apache-2.0
// The method is Wojciech Muła's and Daniel Lemire's ("Faster Base64 Encoding and Decoding Using
// AVX2 Instructions", 2018). One function encodes and one decodes, for every processor: the vector
// types of GCC and clang have all operations but lookup() and is_zero().
#include "wire/base64_vectors.h"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#include <arm_neon.h>
#endif

namespace bellhop::wire::base64 {
namespace {

template <std::size_t size>
using Bytes [[gnu::vector_size(size)]] = std::uint8_t;
template <std::size_t size>
using Words [[gnu::vector_size(size)]] = std::uint16_t;
template <std::size_t size>
using Groups [[gnu::vector_size(size)]] = std::uint32_t;

// Replaces each byte of `index` by the byte of `table` at that index, separately in each 16 bytes.
// By reference: a processor without AVX2 passes vectors of 32 bytes in another way.
#if defined(__x86_64__) || defined(__i386__)
[[gnu::target("ssse3")]] inline void lookup(const Bytes<16>& table, Bytes<16>& index) {
  index = reinterpret_cast<Bytes<16>>(
      _mm_shuffle_epi8(reinterpret_cast<__m128i>(table), reinterpret_cast<__m128i>(index)));
}
[[gnu::target("ssse3")]] inline bool is_zero(const Bytes<16>& bytes) {
  const __m128i equal = _mm_cmpeq_epi8(reinterpret_cast<__m128i>(bytes), _mm_setzero_si128());
  return _mm_movemask_epi8(equal) == 0xFFFF;
}
[[gnu::target("avx2")]] inline void lookup(const Bytes<32>& table, Bytes<32>& index) {
  index = reinterpret_cast<Bytes<32>>(
      _mm256_shuffle_epi8(reinterpret_cast<__m256i>(table), reinterpret_cast<__m256i>(index)));
}
[[gnu::target("avx2")]] inline bool is_zero(const Bytes<32>& bytes) {
  return _mm256_testz_si256(reinterpret_cast<__m256i>(bytes), reinterpret_cast<__m256i>(bytes));
}
#elif defined(__aarch64__) && defined(__AARCH64EL__)
inline void lookup(const Bytes<16>& table, Bytes<16>& index) {
  index = vqtbl1q_u8(table, index);
}
inline bool is_zero(const Bytes<16>& bytes) {
  return vmaxvq_u8(bytes) == 0;
}
#endif

// A table of 16 bytes, once in each 16 bytes of the vector.
template <std::size_t size>
struct Table {
  [[gnu::always_inline]] explicit Table(const std::uint8_t (&table)[16]) {
    for (std::size_t i = 0; i < size; i += 16) {
      std::memcpy(reinterpret_cast<char*>(&bytes) + i, table, 16);
    }
  }
  Bytes<size> bytes;
};

// Always inlined into a function for one processor, so that it is compiled for that processor.
template <std::size_t size>
[[gnu::always_inline]] inline std::size_t encode(std::span<const std::byte> bytes, char* out) {
  // Each group of three bytes a b c becomes the words ab and bc.
  const Table<size> spread({1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10});
  // The offset to add to a value: a to z, ten digits, +, /, A to Z.
  const Table<size> offsets({71, 252, 252, 252, 252, 252, 252, 252, 252, 252, 252, 237, 240, 65});
  // Multiplies ab by 1 and bc by 16, so that two six-bit values are at the top of each word.
  const Groups<size> scale = Groups<size>{} + 0x00100001;

  std::size_t done = 0;
  // A block is three quarters of a vector, but a whole vector is read.
  for (; bytes.size() - done >= size; done += size / 4 * 3, out += size) {
    Groups<size> block;
    std::memcpy(&block, bytes.data() + done, size);
    if constexpr (size == 32) {
      block = __builtin_shufflevector(block, block, 0, 1, 2, 3, 3, 4, 5, 6);
    }
    Bytes<size> pairs = spread.bytes;
    lookup(reinterpret_cast<Bytes<size>>(block), pairs);
    const auto top = reinterpret_cast<Words<size>>(pairs) * reinterpret_cast<Words<size>>(scale);
    const auto values = reinterpret_cast<Bytes<size>>(top >> 10 | (top << 4 & 0x3F00));
    Bytes<size> text = (values > 51 ? values : Bytes<size>{} + 51) - 51;
    text |= reinterpret_cast<Bytes<size>>(values < 26) & 13;
    lookup(offsets.bytes, text);
    text += values;
    std::memcpy(out, &text, size);
  }
  return done;
}

template <std::size_t size>
[[gnu::always_inline]] inline std::size_t decode(std::span<const char> text, std::byte* out) {
  // A character is in the alphabet if the entries for its two nibbles have no bit in common. The
  // bits: 1 is + and /, 2 the digits, 4 A to O and a to o, 8 P to Z and p to z, 16 never valid.
  const Table<size> bad_low({0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A,
                             0x1B, 0x1B, 0x1B, 0x1A});
  const Table<size> bad_high({16, 16, 1, 2, 4, 8, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16});
  // The offset to add to a character, by its high nibble; for '/', by its high nibble minus one.
  const Table<size> offsets({0, 16, 19, 4, 191, 191, 185, 185});
  // The three low bytes of each group, the most significant one first.
  const Table<size> gather({2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0, 0, 0, 0});

  std::size_t done = 0;
  for (; text.size() - done >= size; done += size) {
    Bytes<size> block;
    std::memcpy(&block, text.data() + done, size);
    Bytes<size> low = block & 15;
    Bytes<size> high = block >> 4;
    Bytes<size> offset = high + reinterpret_cast<Bytes<size>>(block == '/');
    lookup(bad_low.bytes, low);
    lookup(bad_high.bytes, high);
    if (!is_zero(low & high)) break;

    lookup(offsets.bytes, offset);
    const auto values = reinterpret_cast<Words<size>>(block + offset);
    const auto pairs = reinterpret_cast<Groups<size>>((values << 6 & 0xFC0) | values >> 8);
    const auto groups = reinterpret_cast<Bytes<size>>(pairs << 12 | pairs >> 16);
    Bytes<size> bytes = gather.bytes;
    lookup(groups, bytes);
    // Each 16 bytes contain 12 decoded bytes. The next store covers the other four.
    for (std::size_t i = 0; i < size; i += 16, out += 12) {
      std::memcpy(out, reinterpret_cast<char*>(&bytes) + i, 16);
    }
  }
  return done;
}

#if defined(__x86_64__) || defined(__i386__)
[[gnu::target("avx2")]] std::size_t encode_avx2(std::span<const std::byte> bytes, char* out) {
  return encode<32>(bytes, out);
}
[[gnu::target("avx2")]] std::size_t decode_avx2(std::span<const char> text, std::byte* out) {
  return decode<32>(text, out);
}
[[gnu::target("ssse3")]] std::size_t encode_ssse3(std::span<const std::byte> bytes, char* out) {
  return encode<16>(bytes, out);
}
[[gnu::target("ssse3")]] std::size_t decode_ssse3(std::span<const char> text, std::byte* out) {
  return decode<16>(text, out);
}
#endif

constexpr Vectors list[] = {
#if defined(__x86_64__) || defined(__i386__)
    {"avx2", [] { return __builtin_cpu_supports("avx2") != 0; }, encode_avx2, decode_avx2},
    {"ssse3", [] { return __builtin_cpu_supports("ssse3") != 0; }, encode_ssse3, decode_ssse3},
#elif defined(__aarch64__) && defined(__AARCH64EL__)
    {"neon", [] { return true; }, encode<16>, decode<16>},
#endif
    {"none", [] { return true; }, [](auto, char*) { return std::size_t{0}; },
     [](auto, std::byte*) { return std::size_t{0}; }},
};

}  // namespace

std::span<const Vectors> all_vectors() {
  return list;
}

}  // namespace bellhop::wire::base64
