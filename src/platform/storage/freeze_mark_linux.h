// SPDX-License-Identifier: Apache-2.0
// The mark of a freeze: the file in the state directory that exists while filesystems are frozen.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// The content of the mark, a key file. Readable also for an agent after a restart of the system.
struct FreezeMark {
  std::string boot_id;
  std::chrono::system_clock::time_point since;  // when the freeze began
  std::chrono::milliseconds limit{0};
  std::optional<std::chrono::nanoseconds> deadline = {};  // of boot_time(); none: no limit
  std::string owner = {};                                 // FrozenSet's token; may be empty
};

std::string format_freeze_mark(const FreezeMark& mark);
// nullopt if the text is not one, for instance qemu-ga's, which is empty.
std::optional<FreezeMark> parse_freeze_mark(std::string_view text);

// Writes a new mark, complete or not at all. Replaces a regular file; anything else in its place is
// an error. Returns the open file. Errors: `cannot create '/x/…': …`.
Result<Handle> create_freeze_mark(NativeHandle directory, const std::string& directory_path,
                                  const FreezeMark& mark);

// Removes the mark. Returns 0 or an errno value.
int remove_freeze_mark(NativeHandle directory);

// Opens the mark without writing; empty if there is none. Anything but a regular file is an error.
// Never blocks. Errors: `'/x/…' …`.
Result<Handle> open_freeze_mark(NativeHandle directory, const std::string& directory_path);

// The content of an open mark; nullopt if it is not readable or not a mark.
std::optional<FreezeMark> read_freeze_mark(NativeHandle file);

}  // namespace bellhop::platform
