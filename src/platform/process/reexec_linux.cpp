#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "platform/process/reexec.h"
#include "platform/process/spawn_posix.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace bellhop::platform {
namespace {

constexpr const char* running_program = "/proc/self/exe";

char* writable(const std::string& text) {
  return const_cast<char*>(text.c_str());  // execve's argument type; it writes nothing
}

bool is_same_file(const std::string& one, const std::string& other) {
  struct stat first{};
  struct stat second{};
  return ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

void pass_on(const std::vector<int>& descriptors, bool wanted) {
  for (const int descriptor : descriptors) {
    ::fcntl(descriptor, F_SETFD, wanted ? 0 : FD_CLOEXEC);
  }
}

std::vector<char*> with_variable(const std::string& variable) {
  const std::string_view name = std::string_view(variable).substr(0, variable.find('=') + 1);
  std::vector<char*> environment{writable(variable)};
  for (char** at = environ; at && *at; ++at) {
    if (!std::string_view(*at).starts_with(name)) environment.push_back(*at);
  }
  environment.push_back(nullptr);
  return environment;
}

}  // namespace

Error exec_in_place(const ExecRequest& image) {
  std::vector<char*> arguments;
  arguments.reserve(image.arguments.size() + 1);
  for (const std::string& argument : image.arguments) arguments.push_back(writable(argument));
  arguments.push_back(nullptr);
  std::vector<char*> environment = with_variable(image.variable);
  pass_on(image.descriptors, true);
  ::execve(image.path.c_str(), arguments.data(), environment.data());
  const int reason = errno;
  pass_on(image.descriptors, false);
  return system_failure(reason, "cannot run '{}'", image.path).error();
}

Result<std::string> executable_path(const std::string& name, const std::string& working_directory) {
  const char* search_path = std::getenv("PATH");
  for (const std::string& candidate : program_candidates(name, search_path ? search_path : "")) {
    std::string path = (std::filesystem::path(working_directory) / candidate).string();
    if (is_same_file(path, running_program)) return path;
  }
  std::error_code error;
  const auto target = std::filesystem::read_symlink(running_program, error);
  if (error) return system_failure(error.value(), "cannot find out where '{}' is", name);
  return target.string();
}

std::int64_t current_pid() {
  return ::getpid();
}

Handle claim_inherited(int descriptor) {
  const int flags = descriptor > 2 ? ::fcntl(descriptor, F_GETFD) : -1;
  if (flags < 0 || (flags & FD_CLOEXEC) != 0) return {};
  if (::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) != 0) return {};
  return Handle(descriptor);
}

void close_inherited() {
  std::vector<int> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string name = entry.path().filename();
    int descriptor = -1;
    std::from_chars(name.data(), name.data() + name.size(), descriptor);
    all.push_back(descriptor);
  }
  for (const int descriptor : all) claim_inherited(descriptor).reset();
}

namespace {

void change_mask(int how, std::span<const int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : signals) ::sigaddset(&set, number);
  ::pthread_sigmask(how, &set, nullptr);
}

}  // namespace

void block_signals(std::span<const int> signals) {
  change_mask(SIG_BLOCK, signals);
}

void unblock_signals(std::span<const int> signals) {
  change_mask(SIG_UNBLOCK, signals);
}

}  // namespace bellhop::platform
