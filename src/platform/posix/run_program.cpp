#include "platform/posix/run_program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "platform/posix/spawn.h"

namespace bellhop::platform {
namespace {

constexpr std::size_t most_output = std::size_t{64} * 1024;

// How long to wait for the rest of the output of a program that has ended: what it started may
// keep the pipe open for ever.
constexpr std::chrono::milliseconds output_grace{200};

class Observer final : public ProcessObserver {
 public:
  void has_written(OutputStream, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(mutex_);
    const std::size_t room = most_output - run_.output.size();
    run_.output.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
  }

  void has_closed(OutputStream) override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  void has_ended(ProcessEnd end) override {
    const std::lock_guard lock(mutex_);
    run_.end = end;
    ended_ = true;
    changed_.notify_all();
  }

  ProgramRun wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_; });
    changed_.wait_for(lock, output_grace, [this] { return closed_; });
    return run_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  ProgramRun run_;
  bool ended_ = false;
  bool closed_ = false;
};

bool is_program(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<ProgramRun> run_program(Processes& processes, ProcessRequest request) {
  request.out = Output::capture;
  request.err = Output::with_out;
  const auto observer = std::make_shared<Observer>();
  const auto started = processes.start(std::move(request), observer);
  if (!started) return std::unexpected(started.error());
  return observer->wait();
}

std::optional<std::string> find_program(std::string_view name) {
  std::string folders = "/sbin:/usr/sbin:/bin:/usr/bin";
  if (const char* path = std::getenv("PATH"); path && *path != '\0') {
    folders += ':';
    folders += path;
  }
  for (std::string& candidate : program_candidates(name, folders)) {
    if (is_program(candidate)) return std::move(candidate);
  }
  return std::nullopt;
}

}  // namespace bellhop::platform
