#include <algorithm>
#include <new>
#include <random>
#include <utility>

#include "platform/accounts/authorized_keys_file.h"
#include "platform/accounts/authorized_keys_ops_posix.h"
#include "platform/process/run_as_user.h"
#include "platform/process/shared_memory_posix.h"

namespace bellhop::platform {
namespace {

using Outcome = KeysOutcome;
using Work = AuthorizedKeysOps;

std::string random_name() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  std::random_device random;
  std::string name = fmt::format("{}.", keys_file_name);
  for (int i = 0; i < 12; ++i) name += letters[random() % letters.size()];
  return name;
}

// The reason of a refusal, as text.
std::string reason(const Outcome& outcome) {
  switch (outcome.refusal) {
    case OpenRefusal::link:
      return "it is a symbolic link";
    case OpenRefusal::not_regular:
      return "it is not a regular file";
    case OpenRefusal::directory:
      return "Is a directory";
    case OpenRefusal::wrong_owner:
      return "it belongs to somebody else";
    case OpenRefusal::hard_link:
      return "it is another name of a file of root's";
    case OpenRefusal::too_large:
      return fmt::format("it is larger than {} MiB", AuthorizedKeysFile::max_size >> 20);
    case OpenRefusal::taken_away:
      return "something else was put in its place";
    case OpenRefusal::none:
    case OpenRefusal::changed:
    case OpenRefusal::system:
      break;
  }
  return std::error_code(outcome.error, std::generic_category()).message();
}

std::unexpected<Error> with_system(const Outcome& outcome, std::string message) {
  Error error{ErrorCode::failed, std::move(message)};
  if (outcome.refusal == OpenRefusal::system) {
    error.system = std::error_code(outcome.error, std::generic_category());
  }
  return std::unexpected(std::move(error));
}

// qemu-ga's wording, which is partly GLib's.
std::unexpected<Error> read_failure(const Outcome& outcome, const UserAccount& user,
                                    const std::string& directory, const std::string& path) {
  const std::string why = reason(outcome);
  if (outcome.refusal == OpenRefusal::system) {
    return with_system(
        outcome, fmt::format("failed to read '{}': Failed to open file “{}”: {}", path, path, why));
  }
  if (outcome.refusal == OpenRefusal::directory) {
    return failure("failed to read '{}': Error reading file “{}”: {}", path, path, why);
  }
  if (outcome.step == KeysStep::file) return failure("failed to read '{}': {}", path, why);
  return failure("failed to read '{}': '{}': {}", path,
                 outcome.step == KeysStep::home ? user.home : directory, why);
}

std::unexpected<Error> write_failure(const Outcome& outcome, const UserAccount& user,
                                     const std::string& directory, const std::string& path,
                                     const std::string& new_path) {
  const std::string why = reason(outcome);
  switch (outcome.step) {
    case KeysStep::home:
      if (outcome.refusal != OpenRefusal::system) {
        return failure("failed to write to '{}': '{}': {}", path, user.home, why);
      }
      [[fallthrough]];
    case KeysStep::make_directory:
      return with_system(outcome,
                         fmt::format("failed to create directory '{}': {}", directory, why));
    case KeysStep::directory:
      return with_system(outcome,
                         fmt::format("failed to write to '{}': '{}': {}", path, directory, why));
    case KeysStep::create:
      return with_system(
          outcome, fmt::format("failed to write to '{}': Failed to create file “{}”: {}", path,
                               new_path, why));
    case KeysStep::rename:
      if (outcome.refusal != OpenRefusal::system) break;
      return with_system(
          outcome, fmt::format("failed to write to '{}': Failed to rename file “{}” to “{}”: {}",
                               path, new_path, path, why));
    case KeysStep::file:
    case KeysStep::write:
      break;
  }
  return with_system(outcome, fmt::format("failed to write to '{}': {}", path, why));
}

}  // namespace

AuthorizedKeysFile::AuthorizedKeysFile(UserAccount user, std::chrono::milliseconds limit, Hook hook)
    : user_(std::move(user)),
      limit_(limit),
      hook_(std::move(hook)),
      directory_(fmt::format("{}{}{}", user_.home, user_.home.ends_with('/') ? "" : "/",
                             keys_directory_name)),
      path_(fmt::format("{}/{}", directory_, keys_file_name)) {}

Result<AuthorizedKeysContent> AuthorizedKeysFile::read() const {
  TRY_ASSIGN(auto memory, SharedMemory::create(sizeof(Outcome) + max_size + 1));
  Outcome& outcome = *new (memory.data()) Outcome{};
  char* content = static_cast<char*>(memory.data()) + sizeof(Outcome);
  Work work(outcome, user_.home.c_str(), user_.user_id, hook_);
  TRY(run_as_user(user_, limit_, [&] { work.read(content); }));
  if (outcome.refusal != OpenRefusal::none) return read_failure(outcome, user_, directory_, path_);
  return AuthorizedKeysContent{.text = {content, std::min(outcome.size, max_size)},
                               .version = outcome.version};
}

Result<bool> AuthorizedKeysFile::replace(std::string_view content,
                                         const std::optional<FileVersion>& expected) const {
  TRY_ASSIGN(auto memory, SharedMemory::create(sizeof(Outcome)));
  Outcome& outcome = *new (memory.data()) Outcome{};
  const std::string new_name = random_name();
  Work work(outcome, user_.home.c_str(), user_.user_id, hook_);
  TRY(run_as_user(user_, limit_, [&] {
    work.replace(content, new_name.c_str(), user_.group_id, expected ? &*expected : nullptr);
  }));
  if (outcome.refusal == OpenRefusal::none) return true;
  if (outcome.refusal == OpenRefusal::changed) return false;
  return write_failure(outcome, user_, directory_, path_,
                       fmt::format("{}/{}", directory_, new_name));
}

}  // namespace bellhop::platform
