// expect: the member belongs to another struct
#include "rpc/field.h"

struct Size {
  std::uint64_t used;
};
struct Other {
  std::uint64_t used;
};
struct Filesystem {
  std::optional<Size> size;
};
constexpr auto fields_of(const Filesystem*) {
  return bellhop::fields(bellhop::field<"used", &Filesystem::size, &Other::used>("Bytes."));
}

constexpr auto list = fields_of(static_cast<const Filesystem*>(nullptr));
