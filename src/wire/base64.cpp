#include "wire/base64.h"

#include <array>
#include <cstdint>

#include "wire/base64_alphabet.h"
#include "wire/base64_implementation.h"

namespace bellhop::wire::base64 {
namespace {

const Implementation& best() {
  for (const Implementation& candidate : x86_implementations()) {
    if (candidate.available()) return candidate;
  }
  for (const Implementation& candidate : neon_implementations()) {
    if (candidate.available()) return candidate;
  }
  return scalar_implementation();
}

// Encodes the last one or two bytes, with padding.
void encode_tail(std::span<const std::byte> rest, char* out) {
  const unsigned first = std::to_integer<unsigned>(rest[0]);
  const unsigned second = rest.size() > 1 ? std::to_integer<unsigned>(rest[1]) : 0;
  out[0] = alphabet[first >> 2];
  out[1] = alphabet[(first & 3) << 4 | second >> 4];
  out[2] = rest.size() > 1 ? alphabet[(second & 15) << 2] : '=';
  out[3] = '=';
}

// Decodes text in place. Implementations decode runs of characters of the alphabet; this class
// decodes what is between the runs: line feeds, padding and groups with line feeds in them.
class Decoder {
 public:
  Decoder(const Implementation& fast, std::span<char> text) : fast_(fast), text_(text) {}

  // Returns false if the text is not base64.
  bool decode() {
    for (;;) {
      run(fast_);
      run(scalar_implementation());
      if (skip_line_feeds()) continue;
      switch (decode_quantum()) {
        case Step::decoded:
          break;
        case Step::ended:
          return true;
        case Step::invalid:
          return false;
      }
    }
  }

  std::span<std::byte> decoded() const { return {out(), written_}; }

 private:
  enum class Step { decoded, ended, invalid };

  std::byte* out() const { return reinterpret_cast<std::byte*>(text_.data()); }

  void run(const Implementation& implementation) {
    const std::size_t consumed = implementation.decode(text_.subspan(read_), out() + written_);
    read_ += consumed;
    written_ += consumed / 4 * 3;
  }

  bool skip_line_feeds() {
    const std::size_t before = read_;
    while (read_ < text_.size() && text_[read_] == '\n') ++read_;
    return read_ != before;
  }

  // Decodes the next four characters other than line feeds. They may include padding.
  Step decode_quantum() {
    std::array<std::uint8_t, 4> values{};
    for (std::uint8_t& value : values) {
      do {
        if (read_ == text_.size()) return Step::ended;
        value = value_of(text_[read_++]);
      } while (value == line_feed);
      if (value == not_base64) return Step::invalid;
    }
    std::uint32_t group = 0;
    for (const std::uint8_t value : values) group = group << 6 | (value & 63U);
    write(group >> 16);
    if (values[2] != padding) write(group >> 8 & 255);
    if (values[3] != padding) write(group & 255);
    return Step::decoded;
  }

  void write(std::uint32_t byte) { out()[written_++] = static_cast<std::byte>(byte); }

  const Implementation& fast_;
  std::span<char> text_;
  std::size_t read_ = 0;
  std::size_t written_ = 0;  // <= read_: output never overwrites unread input
};

}  // namespace

std::vector<const Implementation*> available_implementations() {
  std::vector<const Implementation*> available;
  for (const auto family : {x86_implementations(), neon_implementations()}) {
    for (const Implementation& candidate : family) {
      if (candidate.available()) available.push_back(&candidate);
    }
  }
  available.push_back(&scalar_implementation());
  return available;
}

void append_encoded(const Implementation& implementation, std::string& out,
                    std::span<const std::byte> bytes) {
  const std::size_t before = out.size();
  const std::size_t after = before + encoded_size(bytes.size());
  // resize() would write zeros first. libstdc++ 12 passes the capacity as the size, so the lambda
  // uses `after`.
  out.resize_and_overwrite(after, [&](char* text, std::size_t) {
    char* at = text + before;
    std::size_t done = implementation.encode(bytes, at);
    done += scalar_implementation().encode(bytes.subspan(done), at + done / 3 * 4);
    if (done < bytes.size()) encode_tail(bytes.subspan(done), at + done / 3 * 4);
    return after;
  });
}

std::optional<std::span<std::byte>> decode_in_place(const Implementation& implementation,
                                                    std::span<char> text) {
  Decoder decoder(implementation, text);
  if (!decoder.decode()) return std::nullopt;
  return decoder.decoded();
}

void append_encoded(std::string& out, std::span<const std::byte> bytes) {
  append_encoded(best(), out, bytes);
}

std::optional<std::span<std::byte>> decode_in_place(std::span<char> text) {
  return decode_in_place(best(), text);
}

const char* implementation() {
  return best().name;
}

}  // namespace bellhop::wire::base64
