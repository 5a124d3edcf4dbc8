// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/open_files.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::int64_t handle;
  Base64Argument buf_b64;
  std::optional<std::int64_t> count;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"handle", &Arguments::handle>("The handle that guest-file-open returned."),
      field<"buf-b64", &Arguments::buf_b64>(
          "The bytes. Line feeds in the base64 are ignored. Characters after the last group of "
          "four are also ignored, so padding is required."),
      field<"count", &Arguments::count>(
          "Number of bytes to write, at most as many as `buf-b64` contains; default: all."));
}

struct Reply {
  std::int64_t count;
  bool eof;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestFileWrite">(
      field<"count", &Reply::count>("Number of bytes written: always all that were requested."),
      field<"eof", &Reply::eof>("Always false; qemu-ga has this member."));
}

Result<void> write_all(platform::File& file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    TRY_ASSIGN(const auto written, file.write(bytes));
    bytes = bytes.subspan(written);
  }
  return {};
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  TRY_ASSIGN(const auto lease, context.services.files.acquire(arguments.handle));
  TRY_ASSIGN(const auto bytes, arguments.buf_b64.decode());
  const auto size = static_cast<std::int64_t>(bytes.size());
  const std::int64_t count = arguments.count.value_or(size);
  if (count < 0 || count > size) {
    return invalid("value '{}' is invalid for argument count", count);
  }
  TRY(write_all(lease.file(), bytes.first(static_cast<std::size_t>(count))));
  return Reply{.count = count, .eof = false};
}

}  // namespace

extern constinit const Command guest_file_write = declare<run>({
    .name = "guest-file-write",
    .documentation =
        "Writes to a file, from where the last read, write or seek ended, or at the end of a "
        "file opened to append. When the reply arrives the bytes are in the file, where every "
        "program of the guest sees them; guest-file-flush is not needed. On an error, some of "
        "the bytes may have been written. One request carries a little less than 48 MiB.",
    .since = "0.15.0",
    .access = Access::write,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
