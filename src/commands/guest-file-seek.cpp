// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/open_files.h"

namespace bellhop::platform {

constexpr std::array<std::string_view, 3> wire_names(SeekFrom) {
  return {"set", "cur", "end"};
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

using platform::SeekFrom;

using Whence = Alternate<"GuestFileWhence", std::int64_t, SeekFrom>;

struct Arguments {
  std::int64_t handle;
  std::int64_t offset;
  Whence whence;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"handle", &Arguments::handle>("The handle that guest-file-open returned."),
      field<"offset", &Arguments::offset>("Number of bytes to move, backwards if negative."),
      field<"whence", &Arguments::whence>(
          "The reference point: `set` or 0 is the start of the file, `cur` or 1 the current "
          "position, `end` or 2 the end of the file. The numbers are the same on every operating "
          "system."));
}

struct Reply {
  std::int64_t position;
  bool eof;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestFileSeek">(
      field<"position", &Reply::position>("The new position, in bytes from the start of the file."),
      field<"eof", &Reply::eof>("Always false: only a read can detect the end of the file."));
}

Result<SeekFrom> seek_from(const Whence& whence) {
  constexpr std::array places{SeekFrom::start, SeekFrom::current, SeekFrom::end};
  const auto* code = std::get_if<std::int64_t>(&whence.value);
  if (!code) return std::get<SeekFrom>(whence.value);
  if (*code < 0 || *code > 2) return invalid("invalid whence code {}", *code);
  return places[static_cast<std::size_t>(*code)];
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  TRY_ASSIGN(const auto lease, context.services.files.acquire(arguments.handle));
  TRY_ASSIGN(const auto from, seek_from(arguments.whence));
  TRY_ASSIGN(const auto position, lease.file().seek(arguments.offset, from));
  return Reply{.position = position, .eof = false};
}

}  // namespace

extern constinit const Command guest_file_seek = declare<run>({
    .name = "guest-file-seek",
    .documentation =
        "Moves the position in a file where the next read or write begins, and returns it. With "
        "`offset` 0 and `whence` `cur` it only returns the position. The position may be beyond "
        "the end of the file. FIFOs and terminals have no position (`failed to seek file: "
        "Illegal seek`).",
    .since = "0.15.0",
    .access = Access::read,
    .log_as_debug = true,
});

}  // namespace bellhop::commands
