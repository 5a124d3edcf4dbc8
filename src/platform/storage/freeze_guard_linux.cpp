// SPDX-License-Identifier: Apache-2.0
// The agent's side of the guard of a freeze.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
#include "platform/storage/guard_lock_linux.h"
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
                   .request = message.extra,
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

// Waits until a descriptor is readable, or a call of interrupt().
class Waiting {
 public:
  static Result<Waiting> make() {
    Handle wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return system_failure(errno, "cannot make an eventfd");
    return Waiting(std::move(wake));
  }

  // no_handle: returns after a second at the latest. True if the descriptor is readable.
  bool wait(NativeHandle descriptor) const {
    std::array<pollfd, 2> ready{{{.fd = descriptor, .events = POLLIN, .revents = 0},
                                 {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
    const int timeout = descriptor == no_handle ? 1000 : -1;
    retry_on_eintr([&] { return ::poll(ready.data(), ready.size(), timeout); });
    std::uint64_t times = 0;
    [[maybe_unused]] const auto size = ::read(wake_.get(), &times, sizeof times);
    return ready[0].revents != 0;
  }

  void interrupt() const {
    constexpr std::uint64_t once = 1;
    [[maybe_unused]] const auto size = ::write(wake_.get(), &once, sizeof once);
  }

 private:
  explicit Waiting(Handle wake) : wake_(std::move(wake)) {}

  Handle wake_;
};

// To the guard that this agent uses.
class Connection final : public FreezeGuard {
 public:
  Connection(Handle socket, Waiting waiting)
      : socket_(std::move(socket)), waiting_(std::move(waiting)) {}

  void wait() override { waiting_.wait(over_ ? no_handle : socket_.get()); }
  void interrupt() override { waiting_.interrupt(); }

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

  void all_frozen(milliseconds limit) override {
    send({.kind = Kind::all_frozen, .number = limit.count()});
  }
  void renew(milliseconds limit) override { send({.kind = Kind::renew, .number = limit.count()}); }
  void freezing_failed() override { send({.kind = Kind::freezing_failed}); }
  void thaw(std::int64_t request) override { send({.kind = Kind::thaw, .number = request}); }
  void cancel() override { send({.kind = Kind::cancel}); }

  NativeHandle descriptor() const override { return socket_.get(); }

 private:
  // An error is ignored: next() reports that the guard is gone. A guard that is stopped does not
  // read.
  void send(const GuardMessage& message) {
    static_cast<void>(send_guard_message(socket_.get(), message, MSG_DONTWAIT));
  }

  const Handle socket_;
  const Waiting waiting_;
  bool over_ = false;  // no event follows
};

// A guard that another agent uses, or that no agent can reach.
class DistantGuard final : public FreezeGuard {
 public:
  DistantGuard(Handle directory, std::string path, pid_t process, Waiting waiting)
      : directory_(std::move(directory)),
        path_(std::move(path)),
        process_(static_cast<int>(::syscall(SYS_pidfd_open, process, 0))),
        id_(process),
        waiting_(std::move(waiting)) {}

  void wait() override { has_ended_ = waiting_.wait(process_.get()); }
  void interrupt() override { waiting_.interrupt(); }
  std::optional<GuardEvent> next() override {
    // Before Linux 5.3 there is no pidfd_open(2).
    if (!process_ && !over_) has_ended_ = ::kill(id_, 0) != 0 && errno == ESRCH;
    if (over_ || !has_ended_) return std::nullopt;
    over_ = true;
    const auto mark = open_freeze_mark(directory_.get(), path_);
    const bool thawed = mark && !*mark;
    return GuardEvent{.kind = thawed ? GuardEvent::Kind::ended : GuardEvent::Kind::lost};
  }
  bool takes_requests() const override { return false; }
  void all_frozen(milliseconds) override {}
  void freezing_failed() override {}
  void renew(milliseconds) override {}
  void thaw(std::int64_t) override {}
  void cancel() override {}

 private:
  const Handle directory_;
  const std::string path_;
  const Handle process_;
  const pid_t id_;
  const Waiting waiting_;
  bool has_ended_ = false;
  bool over_ = false;  // no event follows
};

Result<std::unique_ptr<FreezeGuard>> connection(Handle socket) {
  TRY_ASSIGN(Waiting waiting, Waiting::make());
  return std::make_unique<Connection>(std::move(socket), std::move(waiting));
}

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
    failed = send_guard_message(socket.get(), {.kind = Kind::owner, .text = request.owner});
  }
  if (failed == 0 && request.remaining) {
    failed = send_guard_message(socket.get(),
                                {.kind = Kind::remaining, .number = request.remaining->count()});
  }
  if (failed == 0) {
    failed = send_guard_message(socket.get(), {.kind = command,
                                               .number = request.limit.count(),
                                               .extra = request.retry_interval.count()});
  }
  // A guard that has ended may have left the reason.
  if (failed != 0 && failed != EPIPE) return cannot_guard(failed, "cannot tell its process");
  const auto answer = first_answer(socket, start_timeout);
  if (!answer) return cannot_guard(answer.error());
  if (answer->kind != Kind::refused) return {};
  return cannot_guard({.message = answer->text,
                       .system = {static_cast<int>(answer->number), std::generic_category()}});
}

Result<std::unique_ptr<FreezeGuard>> run_guard(const GuardRequest& request, Kind command) {
  const Handle directory(::open(request.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    return cannot_guard(
        system_failure(errno, "cannot open the state directory '{}'", request.directory).error());
  }
  TRY_ASSIGN(Handle socket, execute_guard());
  const timeval timeout{.tv_sec = start_timeout.count(), .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  TRY(instruct(socket, directory.get(), request, command));
  return connection(std::move(socket));
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

void take_terms(InheritedFreeze& freeze, const std::optional<FreezeMark>& mark) {
  if (!mark) return;
  freeze.owner = mark->owner;
  freeze.limit = mark->limit;
  freeze.deadline = mark->deadline;
}

}  // namespace

Result<std::unique_ptr<FreezeGuard>> start_freeze_guard(const GuardRequest& request) {
  return run_guard(request, Kind::begin);
}

std::unique_ptr<FreezeGuard> restore_freeze_guard(Handle descriptor) {
  return connection(std::move(descriptor)).value_or(nullptr);
}

Result<std::unique_ptr<FreezeGuard>> replace_freeze_guard(const GuardRequest& request) {
  auto guard = run_guard(request, Kind::adopt);
  if (guard || guard.error().system != std::errc::device_or_resource_busy) return guard;
  Handle place(::open(request.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto mark = open_freeze_mark(place.get(), request.directory);
  const NativeHandle file = mark && *mark ? mark->get() : place.get();
  const pid_t process = guard_lock_holder(file, GuardLock::guard);
  if (process <= 0) return guard;
  TRY_ASSIGN(Waiting waiting, Waiting::make());
  return std::make_unique<DistantGuard>(std::move(place), request.directory, process,
                                        std::move(waiting));
}

FreezeAtStart inherit_freeze(const std::string& directory, milliseconds limit) {
  const Handle place(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place) return {};
  FreezeAtStart found;
  Result<Handle> mark = open_freeze_mark(place.get(), directory);
  if (mark && !*mark) return {};
  if (!mark) found.warnings.push_back(mark.error().message);
  const auto content = mark ? read_freeze_mark(mark->get()) : std::nullopt;
  if (content && content->boot_id != boot_id()) {
    // The restart of the system has ended the freeze.
    remove_freeze_mark(place.get());
    stop_listening(place.get());
    found.warnings.push_back(
        fmt::format("'{}/{}' is left over from before the restart of the system: nothing is frozen",
                    directory, freeze_mark_name));
    return found;
  }
  InheritedFreeze freeze{
      .guard = nullptr,
      .since = content ? content->since : time_of_change(mark ? mark->get() : no_handle),
      .limit = limit};
  if (limit.count() > 0) freeze.deadline = boot_time() + limit;
  take_terms(freeze, content);
  if (Handle socket = connect_to_guard(place.get())) {
    const auto answer = first_answer(socket, answer_timeout);
    if (answer && answer->kind == Kind::ready) {
      freeze.since = time_point(nanoseconds(answer->number));
      take_terms(freeze, parse_freeze_mark(answer->text));
      freeze.guard = connection(std::move(socket)).value_or(nullptr);
    }
  }
  if (!freeze.guard) {
    // The guard may have ended a moment ago.
    mark = open_freeze_mark(place.get(), directory);
    if (mark && !*mark) return found;
    auto guard = replace_freeze_guard({.directory = directory, .limit = limit});
    if (!guard) found.warnings.push_back(guard.error().message);
    freeze.guard = std::move(guard).value_or(nullptr);
  }
  found.freeze = std::move(freeze);
  return found;
}

}  // namespace bellhop::platform
