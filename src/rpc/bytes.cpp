#include "rpc/bytes.h"

#include "wire/base64.h"

namespace bellhop {

Result<std::span<const std::byte>> Base64Argument::decode() const {
  const auto bytes = wire::base64::decode_in_place(text_);
  if (!bytes) return invalid("Base64 data contains invalid characters");
  return *bytes;
}

}  // namespace bellhop
