// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/text.h"
#include "platform/process/child_posix.h"
#include "platform/process/find_executable.h"
#include "platform/process/reexec.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace bellhop::platform {
namespace {

constexpr const char* running_program = "/proc/self/exe";

void pass_on(const std::vector<NativeHandle>& descriptors, bool wanted) {
  for (const NativeHandle descriptor : descriptors) {
    ::fcntl(descriptor, F_SETFD, wanted ? 0 : FD_CLOEXEC);
  }
}

std::vector<char*> with_variable(const std::string& variable) {
  const std::string_view name = std::string_view(variable).substr(0, variable.find('=') + 1);
  std::vector<char*> environment{const_cast<char*>(variable.c_str())};
  for (char** at = environ; at && *at; ++at) {
    if (!std::string_view(*at).starts_with(name)) environment.push_back(*at);
  }
  environment.push_back(nullptr);
  return environment;
}

}  // namespace

Error exec_in_place(const ExecRequest& image) {
  const std::vector<char*> arguments = exec_strings(image.arguments);
  std::vector<char*> environment = with_variable(image.variable);
  std::vector<NativeHandle> descriptors = image.descriptors;
  descriptors.push_back(image.program.descriptor());
  const std::string path = descriptor_path(image.program.descriptor());
  if (Result<void> unchanged = image.program.check_unchanged(); !unchanged) {
    return std::move(unchanged).error();
  }
  pass_on(descriptors, true);
  ::execve(path.c_str(), arguments.data(), environment.data());
  const int reason = errno;
  pass_on(descriptors, false);
  return system_failure(reason, "cannot run '{}'", image.program.path()).error();
}

// The kernel shortens the name to 15 bytes, as it does when it executes a path.
void name_process(const std::string& program) {
  const std::string name = std::filesystem::path(program).filename();
  if (!name.empty()) ::prctl(PR_SET_NAME, name.c_str());
}

Result<std::string> executable_path(const std::string& name, const std::string& working_directory) {
  std::error_code error;
  const char* search_path = std::getenv("PATH");
  for (const std::string& candidate : program_candidates(name, search_path ? search_path : "")) {
    std::string path = (std::filesystem::path(working_directory) / candidate).string();
    if (std::filesystem::equivalent(path, running_program, error)) return path;
  }
  const auto target = std::filesystem::read_symlink(running_program, error);
  if (error) return system_failure(error.value(), "cannot find out where '{}' is", name);
  return target.string();
}

Handle claim_inherited(std::int64_t number) {
  if (number != static_cast<int>(number)) return {};
  const int descriptor = static_cast<int>(number);
  const int flags = descriptor > 2 ? ::fcntl(descriptor, F_GETFD) : -1;
  if (flags < 0 || (flags & FD_CLOEXEC) != 0) return {};
  if (::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) != 0) return {};
  return Handle(descriptor);
}

std::optional<Handle> claim_inherited_variable(const char* name) {
  const char* number = std::getenv(name);
  if (!number) return std::nullopt;
  Handle handle = claim_inherited(std::atoi(number));
  ::unsetenv(name);
  return handle;
}

void close_inherited() {
  std::vector<int> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const auto descriptor = text::parse_number<int>(entry.path().filename().native());
    if (descriptor) all.push_back(*descriptor);
  }
  for (const int descriptor : all) claim_inherited(descriptor).reset();
}

}  // namespace bellhop::platform
