// SPDX-License-Identifier: Apache-2.0
// The agent's side of the guard of a freeze.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "platform/io/pipe_posix.h"
#include "platform/machine/boot_id.h"
#include "platform/process/child_posix.h"
#include "platform/process/spawn_posix.h"
#include "platform/storage/freeze_guard.h"
#include "platform/storage/freeze_mark_linux.h"
#include "platform/storage/guard_messages_linux.h"
#include "platform/storage/guard_socket_linux.h"
#include "platform/storage/local_filesystems.h"

namespace bellhop::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::system_clock;
using Kind = GuardMessageKind;

// How long a guard that was just executed may take until it is ready, and one that runs until it
// answers.
constexpr std::chrono::seconds start_timeout{20};
constexpr std::chrono::seconds answer_timeout{2};

constexpr const char* running_program = "/proc/self/exe";

// nullopt for a message of a later version, which this one can ignore.
std::optional<GuardEvent> event_of(GuardMessage message) {
  GuardEvent event{.kind = GuardEvent::Kind::warning,
                   .count = message.number,
                   .request = message.second,
                   .text = std::move(message.text)};
  switch (message.kind) {
    case Kind::thawing:
      event.kind = GuardEvent::Kind::thawing;
      break;
    case Kind::warning:
      break;
    case Kind::expired:
      event.kind = GuardEvent::Kind::expired;
      break;
    case Kind::pass:
      event.kind = GuardEvent::Kind::pass;
      break;
    case Kind::ended:
      event.kind = GuardEvent::Kind::ended;
      break;
    default:
      return std::nullopt;
  }
  return event;
}

class Connection final : public FreezeGuard {
 public:
  explicit Connection(Handle socket)
      : socket_(std::move(socket)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void wait() override {
    std::array<pollfd, 2> ready{{{.fd = over_ ? -1 : socket_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
    retry_on_eintr([&] { return ::poll(ready.data(), ready.size(), -1); });
    std::uint64_t times = 0;
    [[maybe_unused]] const auto size = ::read(wake_.get(), &times, sizeof times);
  }

  void interrupt() override {
    constexpr std::uint64_t once = 1;
    [[maybe_unused]] const auto size = ::write(wake_.get(), &once, sizeof once);
  }

  std::optional<GuardEvent> next() override {
    while (!over_) {
      auto message = receive_guard_message(socket_.get(), MSG_DONTWAIT);
      if (!message && message.error() == EAGAIN) return std::nullopt;
      if (!message) {
        over_ = true;
        return GuardEvent{.kind = GuardEvent::Kind::lost};
      }
      auto event = event_of(*std::move(message));
      if (!event) continue;
      over_ = event->kind == GuardEvent::Kind::ended;
      return event;
    }
    return std::nullopt;
  }

  void settle(milliseconds limit) override {
    send({.kind = Kind::settle, .number = limit.count()});
  }
  void renew(milliseconds limit) override { send({.kind = Kind::renew, .number = limit.count()}); }
  void give_up() override { send({.kind = Kind::give_up}); }
  void thaw(std::int64_t request) override { send({.kind = Kind::thaw, .number = request}); }
  void cancel() override { send({.kind = Kind::cancel}); }

  NativeHandle descriptor() const override { return socket_.get(); }

 private:
  // An error is ignored: next() reports that the guard is gone.
  void send(const GuardMessage& message) {
    static_cast<void>(send_guard_message(socket_.get(), message));
  }

  const Handle socket_;
  const Handle wake_;
  bool over_ = false;  // no event follows
};

std::unexpected<Error> cannot_guard(const Error& reason) {
  return std::unexpected(
      Error{reason.code, "cannot guard the freeze: " + reason.message, reason.system});
}

std::unexpected<Error> cannot_guard(int reason, const char* what) {
  return cannot_guard(system_failure(reason, "{}", what).error());
}

// The first message of a guard: `ready` or `refused`.
Result<GuardMessage> first_answer(const Handle& socket, std::chrono::seconds timeout) {
  if (!wait_readable(socket, std::chrono::steady_clock::now() + timeout)) {
    return failure("its process does not answer");
  }
  auto answer = receive_guard_message(socket.get(), MSG_DONTWAIT);
  if (!answer) return failure("its process ended at its start");
  return *std::move(answer);
}

// Executes the running program as a guard. Returns the agent's end of its control socket.
Result<Handle> execute_guard() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return cannot_guard(errno, "cannot make a socket");
  }
  Handle ours(ends[0]);
  Handle guards(ends[1]);
  TRY_ASSIGN(ours, dup_above_stdio(std::move(ours)));
  TRY_ASSIGN(guards, dup_above_stdio(std::move(guards)));
  TRY_ASSIGN(const Handle null, open_null(O_RDWR));
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto child =
      spawn({.path = running_program, .arguments = {std::string(freeze_guard_option)}},
            {.in = guards.get(), .out = null.get(), .err = null.get(), .report = -1}, limit);
  if (!child) return cannot_guard(child.error());
  // It ends at once: the guard is its child.
  if (reap(*child).exit_code != 0) return cannot_guard(EAGAIN, "cannot start its process");
  return ours;
}

// Tells a guard that was just executed what to do.
Result<void> instruct(const Handle& socket, NativeHandle directory, const GuardRequest& request,
                      Kind command) {
  int failed = send_guard_message(
      socket.get(), {.kind = Kind::directory, .text = request.directory}, 0, directory);
  for (const GuardRequest::Guarded& one : request.filesystems) {
    if (failed != 0) break;
    failed = send_guard_message(socket.get(), {.kind = Kind::filesystem, .text = one.mountpoint}, 0,
                                one.filesystem->descriptor());
  }
  if (failed == 0) {
    failed = send_guard_message(socket.get(), {.kind = command,
                                               .number = request.limit.count(),
                                               .second = request.retry_interval.count()});
  }
  // A guard that has ended may have left the reason.
  if (failed != 0 && failed != EPIPE) return cannot_guard(failed, "cannot tell its process");
  const auto answer = first_answer(socket, start_timeout);
  if (!answer) return cannot_guard(answer.error());
  if (answer->kind == Kind::refused) return failure("cannot guard the freeze: {}", answer->text);
  return {};
}

Result<std::unique_ptr<FreezeGuard>> run_guard(const GuardRequest& request, Kind command) {
  const Handle directory(::open(request.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    return cannot_guard(
        system_failure(errno, "cannot open the state directory '{}'", request.directory).error());
  }
  TRY_ASSIGN(Handle socket, execute_guard());
  TRY(instruct(socket, directory.get(), request, command));
  return std::make_unique<Connection>(std::move(socket));
}

system_clock::time_point time_point(nanoseconds since_epoch) {
  return system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(since_epoch));
}

system_clock::time_point time_of_change(NativeHandle file) {
  struct stat status{};
  if (::fstat(file, &status) != 0) return system_clock::now();
  return time_point(std::chrono::seconds(status.st_mtim.tv_sec) +
                    nanoseconds(status.st_mtim.tv_nsec));
}

}  // namespace

Result<std::unique_ptr<FreezeGuard>> start_freeze_guard(const GuardRequest& request) {
  return run_guard(request, Kind::begin);
}

std::unique_ptr<FreezeGuard> restore_freeze_guard(Handle descriptor) {
  return std::make_unique<Connection>(std::move(descriptor));
}

Result<std::unique_ptr<FreezeGuard>> replace_freeze_guard(const GuardRequest& request) {
  return run_guard(request, Kind::adopt);
}

FreezeAtStart inherit_freeze(const std::string& directory, milliseconds limit) {
  const Handle place(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place) return {};
  FreezeAtStart found;
  const Result<Handle> mark = open_freeze_mark(place.get(), directory);
  if (mark && !*mark) return {};
  if (!mark) found.warnings.push_back(mark.error().message);
  const auto content = mark ? read_freeze_mark(mark->get()) : std::nullopt;
  if (content && content->boot_id != boot_id()) {
    // The restart of the system has ended the freeze.
    ::unlinkat(place.get(), std::string(freeze_mark_name).c_str(), 0);
    stop_listening(place.get());
    found.warnings.push_back(
        fmt::format("'{}/{}' is left over from before the restart of the system: nothing is frozen",
                    directory, freeze_mark_name));
    return found;
  }
  auto& freeze = found.freeze.emplace();
  freeze.since = content ? content->since : time_of_change(mark ? mark->get() : no_handle);
  if (Handle socket = connect_to_guard(place.get())) {
    const auto answer = first_answer(socket, answer_timeout);
    if (answer && answer->kind == Kind::ready) {
      freeze.since = time_point(nanoseconds(answer->number));
      freeze.guard = std::make_unique<Connection>(std::move(socket));
      return found;
    }
    if (answer) {
      freeze.guarded_elsewhere = true;
      found.warnings.push_back(answer->text);
      return found;
    }
  }
  auto guard = replace_freeze_guard({.directory = directory, .limit = limit});
  if (guard) {
    freeze.guard = *std::move(guard);
  } else {
    found.warnings.push_back(guard.error().message);
  }
  return found;
}

}  // namespace bellhop::platform
