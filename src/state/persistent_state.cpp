// SPDX-License-Identifier: Apache-2.0
#include "state/persistent_state.h"

#include <limits>
#include <string_view>
#include <utility>

#include "base/key_file.h"
#include "base/text.h"
#include "platform/io/small_file.h"

namespace bellhop::state {
namespace {

constexpr std::int64_t first_handle = 1000;

// Parses the counter. A value that is not a valid handle counts as no entry.
std::optional<std::int64_t> parse_counter(std::string_view text) {
  text = text::trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto counter = text::parse_number<std::int64_t>(text);
  return counter && *counter >= 0 ? counter : std::nullopt;
}

std::string state_file(std::string directory) {
  if (!directory.ends_with('/')) directory += '/';
  return directory + "qga.state";
}

}  // namespace

PersistentState::PersistentState(std::string directory) : path_(state_file(std::move(directory))) {}

Result<void> PersistentState::load(Missing missing) {
  const MutexLock lock(mutex_);
  return load_locked(missing);
}

Result<void> PersistentState::load_locked(Missing missing) {
  TRY_ASSIGN(const auto content, platform::read_state_file(path_));
  if (!content) {
    if (missing == Missing::create) {
      TRY(write(first_handle));
    }
    counter_ = first_handle;
    return {};
  }
  const auto file = KeyFile::parse(*content);
  if (!file) return failure("{} is damaged: {}", path_, file.error().message);
  const auto* entry = file->find("global", "fd_counter");
  counter_ = (entry ? parse_counter(entry->value) : std::nullopt).value_or(first_handle);
  return {};
}

Result<std::int64_t> PersistentState::next_handle() {
  const MutexLock lock(mutex_);
  if (!counter_) {
    TRY(load_locked(Missing::ignore));
  }
  if (*counter_ == std::numeric_limits<std::int64_t>::max()) {
    return failure("no file handle is left");
  }
  if (auto written = write(*counter_ + 1); !written) {
    // qemu-ga's wording; the system error is for the log.
    return std::unexpected(Error{ErrorCode::failed, "failed to commit persistent state to disk",
                                 written.error().system});
  }
  return (*counter_)++;
}

Result<void> PersistentState::write(std::int64_t counter) const {
  return platform::replace_small_file(path_, fmt::format("[global]\nfd_counter={}\n", counter));
}

}  // namespace bellhop::state
