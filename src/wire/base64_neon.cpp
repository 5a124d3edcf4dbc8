// Base64 with NEON, the vector instructions of arm64. Its loads and stores de-interleave groups of
// three and four bytes, and one table lookup covers the whole alphabet.
#include "wire/base64_implementation.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include <cstdint>

#include "wire/base64_alphabet.h"

namespace bellhop::wire::base64 {
namespace {

uint8x16x4_t load_table(const std::uint8_t* table) {
  return {vld1q_u8(table), vld1q_u8(table + 16), vld1q_u8(table + 32), vld1q_u8(table + 48)};
}

std::size_t encode(std::span<const std::byte> bytes, char* out) {
  const uint8x16x4_t characters =
      load_table(reinterpret_cast<const std::uint8_t*>(alphabet.data()));
  const uint8x16_t six_bits = vdupq_n_u8(63);

  std::size_t done = 0;
  for (; bytes.size() - done >= 48; done += 48, out += 64) {
    const uint8x16x3_t in = vld3q_u8(reinterpret_cast<const std::uint8_t*>(bytes.data() + done));
    uint8x16x4_t text;
    text.val[0] = vqtbl4q_u8(characters, vshrq_n_u8(in.val[0], 2));
    text.val[1] = vqtbl4q_u8(
        characters,
        vandq_u8(vorrq_u8(vshlq_n_u8(in.val[0], 4), vshrq_n_u8(in.val[1], 4)), six_bits));
    text.val[2] = vqtbl4q_u8(
        characters,
        vandq_u8(vorrq_u8(vshlq_n_u8(in.val[1], 2), vshrq_n_u8(in.val[2], 6)), six_bits));
    text.val[3] = vqtbl4q_u8(characters, vandq_u8(in.val[2], six_bits));
    vst4q_u8(reinterpret_cast<std::uint8_t*>(out), text);
  }
  return done;
}

// Values of the characters below 128, in two tables. Values above 63 mark other characters than
// those of the alphabet.
struct Values {
  uint8x16x4_t lower;
  uint8x16x4_t upper;

  uint8x16_t of(uint8x16_t characters) const {
    // For an index outside the table, vqtbl returns 0 and vqtbx keeps the previous value.
    const uint8x16_t low = vqtbl4q_u8(lower, characters);
    const uint8x16_t both = vqtbx4q_u8(low, upper, vsubq_u8(characters, vdupq_n_u8(64)));
    // Bytes from 128 up are in neither table: their highest bit marks them as invalid.
    return vorrq_u8(both, vandq_u8(characters, vdupq_n_u8(128)));
  }
};

std::size_t decode(std::span<const char> text, std::byte* out) {
  const Values values{load_table(character_values.data()),
                      load_table(character_values.data() + 64)};

  std::size_t done = 0;
  for (; text.size() - done >= 64; done += 64, out += 48) {
    const uint8x16x4_t in = vld4q_u8(reinterpret_cast<const std::uint8_t*>(text.data() + done));
    const uint8x16_t a = values.of(in.val[0]);
    const uint8x16_t b = values.of(in.val[1]);
    const uint8x16_t c = values.of(in.val[2]);
    const uint8x16_t d = values.of(in.val[3]);
    if (vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d))) > 63) break;

    uint8x16x3_t bytes;
    bytes.val[0] = vorrq_u8(vshlq_n_u8(a, 2), vshrq_n_u8(b, 4));
    bytes.val[1] = vorrq_u8(vshlq_n_u8(b, 4), vshrq_n_u8(c, 2));
    bytes.val[2] = vorrq_u8(vshlq_n_u8(c, 6), d);
    vst3q_u8(reinterpret_cast<std::uint8_t*>(out), bytes);
  }
  return done;
}

}  // namespace

std::span<const Implementation> neon_implementations() {
  // Every arm64 processor has NEON.
  static constexpr Implementation list[] = {{"neon", [] { return true; }, encode, decode}};
  return list;
}

}  // namespace bellhop::wire::base64

#else

namespace bellhop::wire::base64 {
std::span<const Implementation> neon_implementations() {
  return {};
}
}  // namespace bellhop::wire::base64

#endif
