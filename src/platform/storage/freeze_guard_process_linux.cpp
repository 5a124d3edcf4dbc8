// SPDX-License-Identifier: Apache-2.0
// The guard of a freeze. A process with one thread, because it must work while everything else in
// the system waits for a disk.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "platform/io/io_posix.h"
#include "platform/machine/boot_id.h"
#include "platform/storage/freeze_guard.h"
#include "platform/storage/freeze_mark_linux.h"
#include "platform/storage/guard_lock_linux.h"
#include "platform/storage/guard_messages_linux.h"
#include "platform/storage/guard_socket_linux.h"
#include "platform/storage/thaw_pass_linux.h"

namespace bellhop::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::system_clock;
using Kind = GuardMessageKind;

// Interval between passes after the limit while the agent may still freeze.
constexpr milliseconds unsettled_interval{500};

class Guard {
 public:
  explicit Guard(Handle control) : control_(std::move(control)) {}

  // Returns the exit status.
  int run() {
    if (Result<void> ready = set_up(); !ready) {
      send({.kind = Kind::refused,
            .number = ready.error().system.value(),
            .text = ready.error().message});
      return EXIT_FAILURE;
    }
    while (!ended_) wait_once();
    return EXIT_SUCCESS;
  }

 private:
  // Why the freeze ends without a request.
  enum class Cause { none, limit, told_to_end, agent_died };

  Result<void> set_up();
  Result<void> begin(const GuardMessage& message);
  Result<void> adopt(const GuardMessage& message);
  Result<void> replace_earlier_guard(bool knows_deadline);
  NativeHandle lock_file() const { return mark_ ? mark_.get() : directory_.get(); }
  FreezeMark mark_content() const;
  void set_limit(milliseconds limit);
  void set_deadline(std::optional<nanoseconds> boot_time);
  void set_timer(nanoseconds boot_time);
  void send(const GuardMessage& message);
  void report_ready();

  void wait_once();
  void receive();
  void handle(const GuardMessage& message);
  void agent_gone();
  void accept();
  void handle_signals();
  void on_timer();

  void expire(Cause cause);
  void thaw();
  void collect();
  void end();
  void update_files(const std::string& text);
  bool write_notice(const std::string& text);
  void warn(const std::unexpected<Error>& error);
  std::string notice() const;
  bool mark_is_own() const;

  Handle control_;   // the agent; empty when it is gone
  Handle listener_;  // for the next agent
  Handle signals_;
  Handle timer_;
  Handle directory_;
  std::string directory_path_;
  Handle mark_;
  system_clock::time_point since_ = system_clock::now();
  milliseconds limit_{0};
  std::optional<nanoseconds> deadline_;    // of boot_time(); none: no limit
  std::optional<milliseconds> remaining_;  // the agent's, for a freeze in force
  std::string owner_;
  milliseconds retry_interval_{0};

  ThawPass pass_{
      [this](const std::string& mountpoint) { send({.kind = Kind::thawing, .text = mountpoint}); },
      [this] {  // a child that hangs must not hide the end of the guard
        control_.reset();
        listener_.reset();
      }};
  std::int64_t request_ = 0;  // the agent's last one
  std::int64_t total_ = 0;    // filesystems thawed
  bool settled_ = false;      // nothing freezes any more
  bool expired_ = false;
  Cause cause_ = Cause::none;
  bool ended_ = false;
};

// Keeps the guard alive where the kernel allows it. Without the privilege for it, the guard works
// all the same.
void harden() {
  ::mlockall(MCL_CURRENT);  // not the future: with a low limit, memory would run out later
  ::prctl(PR_SET_NAME, "bellhop-guard", 0, 0, 0);
  const Handle score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (score) write_all(score.get(), "-1000");
  static_cast<void>(::chdir("/"));
}

Handle watch_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t handled;
  ::sigemptyset(&handled);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) ::sigaddset(&handled, number);
  return Handle(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
}

// A limit that no mark exceeds: that of the configuration.
constexpr milliseconds max_limit = std::chrono::hours(24);

// The deadline of a mark, 0 if it has no limit; nullopt if the mark is damaged or says something
// that no guard has written.
std::optional<nanoseconds> deadline_of(const std::optional<FreezeMark>& mark) {
  if (!mark || mark->boot_id != boot_id()) return std::nullopt;
  if (mark->limit.count() == 0 && !mark->deadline) return nanoseconds(0);
  if (!mark->deadline || mark->limit.count() <= 0 || mark->limit > max_limit) return std::nullopt;
  const bool possible = mark->deadline->count() > 0 && *mark->deadline <= boot_time() + mark->limit;
  return possible ? mark->deadline : std::nullopt;
}

// The agent must wait for the end of the freeze: it cannot use its guard.
std::unexpected<Error> in_use(std::string message) {
  return std::unexpected(Error{.message = std::move(message),
                               .system = std::make_error_code(std::errc::device_or_resource_busy)});
}

std::unexpected<Error> used_by_another_agent() {
  return in_use("another running agent uses this state directory and has frozen filesystems");
}

Result<void> Guard::set_up() {
  harden();
  signals_ = watch_signals();
  timer_.reset(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!signals_ || !timer_) return system_failure(errno, "cannot make a timer");
  for (;;) {
    auto message = receive_guard_message(control_.get());
    if (!message) return failure("the agent is gone");
    switch (message->kind) {
      case Kind::directory:
        directory_ = std::move(message->descriptor);
        directory_path_ = message->text;
        break;
      case Kind::filesystem:
        pass_.add(message->text, std::move(message->descriptor));
        break;
      case Kind::owner:
        owner_ = message->text;
        break;
      case Kind::remaining:
        remaining_ = milliseconds(message->number);
        break;
      case Kind::begin:
        return begin(*message);
      case Kind::adopt:
        return adopt(*message);
      default:
        break;
    }
  }
}

Result<void> Guard::begin(const GuardMessage& message) {
  retry_interval_ = milliseconds(message.extra);
  set_limit(milliseconds(message.number));
  TRY_ASSIGN(const Handle earlier, open_freeze_mark(directory_.get(), directory_path_));
  if (earlier && guard_lock_holder(earlier.get(), GuardLock::guard) != 0) {
    return used_by_another_agent();
  }
  TRY_ASSIGN(mark_, create_freeze_mark(directory_.get(), directory_path_, mark_content()));
  auto listener = listen_for_agents(directory_.get(), directory_path_);
  if (!listener) {
    remove_freeze_mark(directory_.get());
    return std::unexpected(std::move(listener).error());
  }
  listener_ = *std::move(listener);
  take_guard_lock(lock_file(), GuardLock::guard);
  take_guard_lock(lock_file(), GuardLock::agent);
  pollfd agent{.fd = control_.get(), .events = 0, .revents = 0};
  if (::poll(&agent, 1, 0) > 0) {  // it does not wait any more, and has frozen nothing
    stop_listening(directory_.get());
    remove_freeze_mark(directory_.get());
    return failure("the agent is gone");
  }
  report_ready();
  return {};
}

FreezeMark Guard::mark_content() const {
  return {.boot_id = boot_id(),
          .since = since_,
          .limit = limit_,
          .deadline = deadline_,
          .owner = owner_};
}

Result<void> Guard::adopt(const GuardMessage& message) {
  retry_interval_ = milliseconds(message.extra);
  settled_ = true;
  pass_.add_all();
  // An error is ignored: without a mark that can be read, the limit of the request counts from now.
  if (auto mark = open_freeze_mark(directory_.get(), directory_path_)) mark_ = *std::move(mark);
  const auto mark = mark_ ? read_freeze_mark(mark_.get()) : std::nullopt;
  const auto deadline = deadline_of(mark);
  TRY(replace_earlier_guard(deadline.has_value()));
  if (mark) {
    since_ = mark->since;
    owner_ = mark->owner;
  }
  if (remaining_) {
    limit_ = milliseconds(message.number);
    set_deadline(boot_time() + *remaining_);
  } else if (deadline && (deadline->count() > 0 || message.number == 0)) {
    limit_ = mark->limit;
    set_deadline(mark->deadline);
  } else {
    set_limit(milliseconds(message.number));
  }
  report_ready();
  return {};
}

// Ends an earlier guard that has no agent and that no agent can reach. Each failing start of an
// agent leaves one, and it would end a later freeze. Not one that alone knows the deadline.
Result<void> Guard::replace_earlier_guard(bool knows_deadline) {
  if (const pid_t earlier = guard_lock_holder(lock_file(), GuardLock::guard)) {
    if (guard_lock_holder(lock_file(), GuardLock::agent) != 0) return used_by_another_agent();
    if (!knows_deadline) return in_use("the guard of the freeze runs, but cannot be reached");
    const Handle process(static_cast<int>(::syscall(SYS_pidfd_open, earlier, 0)));
    if (guard_lock_holder(lock_file(), GuardLock::guard) == earlier) ::kill(earlier, SIGKILL);
    pollfd end{.fd = process.get(), .events = POLLIN, .revents = 0};
    ::poll(&end, 1, process ? 1000 : 100);
  }
  if (!take_guard_lock(lock_file(), GuardLock::guard)) return used_by_another_agent();
  take_guard_lock(lock_file(), GuardLock::agent);
  return {};
}

void Guard::set_limit(milliseconds limit) {
  limit_ = std::min(limit, max_limit);
  set_deadline(limit_.count() > 0 ? std::optional(boot_time() + limit_) : std::nullopt);
}

void Guard::set_deadline(std::optional<nanoseconds> boot_time) {
  deadline_ = boot_time;
  set_timer(boot_time.value_or(nanoseconds(0)));
}

// 0 stops the timer. A time in the past fires at once.
void Guard::set_timer(nanoseconds boot_time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(boot_time);
  itimerspec at{};
  at.it_value.tv_sec = seconds.count();
  at.it_value.tv_nsec = (boot_time - seconds).count();
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

// An agent that is stopped does not read: then the message is lost.
void Guard::send(const GuardMessage& message) {
  if (control_) static_cast<void>(send_guard_message(control_.get(), message, MSG_DONTWAIT));
}

void Guard::report_ready() {
  send({.kind = Kind::ready,
        .number = nanoseconds(since_.time_since_epoch()).count(),
        .text = format_freeze_mark(mark_content())});
}

void Guard::wait_once() {
  // poll(2) ignores negative descriptors.
  std::array<pollfd, 4> ready{{{.fd = control_.get(), .events = POLLIN, .revents = 0},
                               {.fd = listener_.get(), .events = POLLIN, .revents = 0},
                               {.fd = signals_.get(), .events = POLLIN, .revents = 0},
                               {.fd = timer_.get(), .events = POLLIN, .revents = 0}}};
  if (::poll(ready.data(), ready.size(), -1) < 0) return;
  // The end of the agent is seen before the next one connects.
  if (ready[0].revents != 0) receive();
  if (ready[1].revents != 0) accept();
  if (ready[2].revents != 0) handle_signals();
  if (ready[3].revents != 0) on_timer();
}

void Guard::receive() {
  while (control_ && !ended_) {
    const auto message = receive_guard_message(control_.get(), MSG_DONTWAIT);
    if (message) {
      handle(*message);
    } else if (message.error() == 0 || message.error() == ECONNRESET) {
      agent_gone();
    } else {
      return;  // no more, or a failure that passes: then poll(2) returns again
    }
  }
}

void Guard::handle(const GuardMessage& message) {
  switch (message.kind) {
    case Kind::all_frozen:
      settled_ = true;
      if (!expired_) set_limit(milliseconds(message.number));
      break;
    case Kind::renew:
      if (!expired_) set_limit(milliseconds(message.number));
      break;
    case Kind::freezing_failed:
      settled_ = true;
      cause_ = Cause::none;
      break;
    case Kind::thaw:
      request_ = message.number;
      thaw();
      break;
    case Kind::cancel:
      end();
      break;
    default:
      break;
  }
}

void Guard::agent_gone() {
  control_.reset();
  release_guard_lock(lock_file(), GuardLock::agent);
  if (std::exchange(settled_, true)) return;
  // Nobody knows of this freeze: its request got no reply.
  expire(Cause::agent_died);
}

// The next agent, after the first one has ended.
void Guard::accept() {
  Handle client = accept_agent(listener_.get());
  if (!client) return;
  receive();  // the agent before it may have ended a moment ago
  if (ended_) return;
  if (control_) {
    const GuardMessage refused{.kind = Kind::refused,
                               .text = used_by_another_agent().error().message};
    static_cast<void>(send_guard_message(client.get(), refused, MSG_DONTWAIT));
    return;
  }
  control_ = std::move(client);
  take_guard_lock(lock_file(), GuardLock::agent);
  request_ = 0;
  report_ready();
}

void Guard::handle_signals() {
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo != SIGCHLD) expire(Cause::told_to_end);
  }
  collect();
}

void Guard::on_timer() {
  std::uint64_t times = 0;
  if (::read(timer_.get(), &times, sizeof times) != sizeof times) return;  // set again meanwhile
  expire(Cause::limit);
}

void Guard::expire(Cause cause) {
  if (!std::exchange(expired_, true)) {
    cause_ = cause;
    send({.kind = Kind::expired});
  }
  thaw();
}

void Guard::thaw() {
  pass_.start(settled_);
  // What freezes late, or does not thaw, is tried again.
  if (expired_) set_timer(boot_time() + (settled_ ? retry_interval_ : unsettled_interval));
  collect();
}

void Guard::collect() {
  if (!pass_.collect()) return;
  if (settled_ && pass_.is_complete()) return end();
  total_ += pass_.count();
  send({.kind = Kind::pass, .number = pass_.count(), .extra = request_, .text = pass_.error()});
}

void Guard::end() {
  total_ += pass_.count();
  const std::string text = notice();
  // In a child: another program may have frozen the state directory's filesystem, and the agent
  // thaws that when this thaw has ended.
  const pid_t child = ::fork();
  if (child > 0) {
    wait_for_child(child, std::chrono::seconds(1));
  } else {
    update_files(text);
    if (child == 0) ::_exit(0);
  }
  send({.kind = Kind::ended, .number = pass_.count(), .extra = request_, .text = text});
  ended_ = true;
}

// The freeze has ended: writes the notice, removes the mark and the socket.
void Guard::update_files(const std::string& text) {
  const bool kept = text.empty() || write_notice(text);
  if (listener_) stop_listening(directory_.get());
  // Without an agent that knows the notice, the next one must find something: it takes over a
  // freeze whose deadline has passed.
  if (!mark_is_own() || (!kept && !control_)) return;
  if (const int reason = remove_freeze_mark(directory_.get())) {
    warn(system_failure(reason, "cannot remove '{}/{}'", directory_path_, freeze_mark_name));
  }
}

bool Guard::write_notice(const std::string& text) {
  const std::string name(freeze_notice_name);
  ::unlinkat(directory_.get(), name.c_str(), 0);
  const Handle file(::openat(directory_.get(), name.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const FreezeNotice notice{.text = text, .owner = owner_, .ended = system_clock::now()};
  const int reason = file ? write_all(file.get(), format_freeze_notice(notice)) : errno;
  if (reason == 0) return true;
  warn(system_failure(reason, "cannot write '{}/{}'", directory_path_, name));
  if (file) ::unlinkat(directory_.get(), name.c_str(), 0);
  return false;
}

void Guard::warn(const std::unexpected<Error>& error) {
  send({.kind = Kind::warning, .text = error.error().message});
}

std::string Guard::notice() const {
  if (total_ == 0 && !mark_is_own()) return {};  // somebody else has thawed
  switch (cause_) {
    case Cause::limit:
      return freeze_notice(since_, fmt::format("at the limit of {} s",
                                               std::chrono::duration<double>(limit_).count()));
    case Cause::told_to_end:
      return freeze_notice(since_, "because its guard was told to end");
    case Cause::agent_died:
      if (total_ == 0) break;
      return freeze_notice(since_, "because the agent ended before all filesystems were frozen");
    case Cause::none:
      break;
  }
  return {};
}

// Whether the mark in the state directory is still the one that this guard has written or taken
// over.
bool Guard::mark_is_own() const {
  struct stat own{};
  struct stat now{};
  return mark_ && ::fstat(mark_.get(), &own) == 0 &&
         ::fstatat(directory_.get(), std::string(freeze_mark_name).c_str(), &now,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
         own.st_ino == now.st_ino && own.st_dev == now.st_dev;
}

}  // namespace

// The agent waits for the end of the process that it has started; the guard is a child of that one,
// so that it belongs to no agent.
int run_freeze_guard() {
  ::setsid();
  const pid_t child = ::fork();
  if (child != 0) ::_exit(child > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  ::_exit(Guard(Handle(STDIN_FILENO)).run());
}

}  // namespace bellhop::platform
