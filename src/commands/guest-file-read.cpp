// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "agent/services.h"
#include "rpc/command.h"
#include "state/file_reading.h"
#include "state/open_files.h"

namespace bellhop::commands {
namespace {

constexpr std::int64_t default_count = 4096;
constexpr std::int64_t max_count = std::int64_t{48} << 20;

struct Arguments {
  std::int64_t handle;
  std::optional<std::int64_t> count;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"handle", &Arguments::handle>("The handle that guest-file-open returned."),
                field<"count", &Arguments::count>(
                    "Maximum number of bytes to read, up to 50331648 (48 MiB); default: 4096."));
}

// `count` and `eof` are known only after the bytes have been written to the reply.
struct Reply {
  Base64Stream buf_b64;
  Late<std::int64_t> count;
  Late<bool> eof;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestFileRead">(
      field<"buf-b64", &Reply::buf_b64>("The bytes."),
      field<"count", &Reply::count>("Number of bytes, before base64."),
      field<"eof", &Reply::eof>(
          "True if the file ended before `count` bytes. A read that ends exactly at the end of "
          "the file returns false."));
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  TRY_ASSIGN(auto lease, context.services.files.acquire(arguments.handle));
  const std::int64_t count = arguments.count.value_or(default_count);
  if (count < 0 || count > max_count) {
    return invalid("value '{}' is invalid for argument count", count);
  }
  TRY_ASSIGN(auto begun,
             state::FileReading::begin(std::move(lease), static_cast<std::uint64_t>(count)));

  const auto reading = std::make_shared<state::FileReading>(std::move(begun));
  return Reply{.buf_b64 = {[reading] { return reading->next(); }},
               .count = {[reading] { return reading->count(); }},
               .eof = {[reading] { return reading->eof(); }}};
}

}  // namespace

extern constinit const Command guest_file_read = declare<run>({
    .name = "guest-file-read",
    .documentation =
        "Reads from a file, from where the last read, write or seek ended. Memory use does not "
        "grow with `count`. An error after some bytes ends the reply there, with `eof` false, "
        "and the next read returns the error. From a FIFO or a device it reads the bytes that "
        "are available. If none are available now but may be later, it returns an error "
        "(`Resource temporarily unavailable`).",
    .since = "0.15.0",
    .access = Access::read,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
