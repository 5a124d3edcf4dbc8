#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "platform/io/pipe_posix.h"
#include "platform/process/child_posix.h"
#include "platform/process/descriptor_limit_posix.h"
#include "platform/process/process.h"
#include "platform/process/spawn_posix.h"
#include "platform/process/threads.h"

namespace bellhop::platform {
namespace {

struct Child;

// One fd that the thread polls, and its role for the child.
struct Watch {
  enum class Kind { end, in, out, err };
  Kind kind;
  Child* child;
  Handle descriptor = {};
};

// A child, its exit descriptor and the agent's ends of its pipes. Done when all of them are closed.
struct Child {
  explicit Child(std::shared_ptr<ProcessObserver> told) : observer(std::move(told)) {}

  std::array<Watch*, 4> watches() { return {&end, &in, &out, &err}; }
  bool is_done() const {
    return !end.descriptor && !in.descriptor && !out.descriptor && !err.descriptor;
  }

  pid_t pid = -1;
  std::shared_ptr<ProcessObserver> observer;
  std::string input;
  std::size_t input_written = 0;
  Watch end{Watch::Kind::end, this};
  Watch in{Watch::Kind::in, this};
  Watch out{Watch::Kind::out, this};
  Watch err{Watch::Kind::err, this};
};

// The child's ends of its pipes; the agent closes them once the child runs.
struct ChildEnds {
  Handle in;
  Handle out;
  Handle err;  // empty: the same as out
};

Result<void> set_nonblocking(const Handle& descriptor) {
  const int flags = ::fcntl(descriptor.get(), F_GETFL);
  if (flags < 0 || ::fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return system_failure(errno, "cannot set up a pipe");
  }
  return {};
}

// Creates one stream: stores the agent's end in `ours` (none for /dev/null), returns the child's.
Result<Handle> make_stream(bool piped, bool child_reads, Handle& ours) {
  if (!piped) return open_null(child_reads ? O_RDONLY : O_WRONLY);
  TRY_ASSIGN(auto pipe, make_pipe());
  ours = std::move(child_reads ? pipe.write : pipe.read);
  TRY(set_nonblocking(ours));
  return std::move(child_reads ? pipe.read : pipe.write);
}

Result<ChildEnds> make_streams(const ProcessRequest& request, Child& child) {
  ChildEnds ends;
  TRY_ASSIGN(ends.in, make_stream(request.input.has_value(), true, child.in.descriptor));
  TRY_ASSIGN(ends.out, make_stream(request.out == Output::capture, false, child.out.descriptor));
  if (request.err == Output::with_out) return ends;
  TRY_ASSIGN(ends.err, make_stream(request.err == Output::capture, false, child.err.descriptor));
  return ends;
}

std::unexpected<Error> not_started(const ChildReport& report, const std::string& path) {
  const std::error_code system(report.error, std::generic_category());
  const std::string what = report.stage == ChildStage::fork
                               ? "fork child process"
                               : fmt::format("execute child process “{}”", path);
  return std::unexpected(
      Error{ErrorCode::failed, fmt::format("Failed to {} ({})", what, system.message()), system});
}

class NullObserver : public ProcessObserver {
 public:
  void on_output(OutputStream, std::span<const std::byte>) override {}
  void on_eof(OutputStream) override {}
  void on_exit(ProcessEnd) override {}
};

}  // namespace

// The private thread and the children that it serves.
class Processes::Runner {
 public:
  Runner() {}  // not "= default", which would zero the buffer: most agents run nothing
  ~Runner();

  // Creates the epoll instance and the thread, once.
  Result<void> begin();
  Result<ProcessId> start(ProcessRequest request, std::shared_ptr<ProcessObserver> observer);
  std::vector<ProcessSnapshot> release();
  Result<void> restore(ProcessSnapshot process);
  DescriptorLimit& limit() { return limit_; }

 private:
  void end_thread();
  Result<void> admit(std::unique_ptr<Child> child);
  int watch_all(Child& child) REQUIRES(mutex_);
  bool add(Watch* watch);
  void close(Watch& watch);
  void run();
  bool is_stopping();
  void handle(Watch& watch);
  void read_output(Watch& watch, OutputStream stream);
  void write_input(Child& child);
  void forget(Child* child);

  DescriptorLimit limit_;
  Mutex begin_mutex_;  // held while the thread is created
  Handle epoll_;
  Handle stop_event_;
  Mutex mutex_;  // never held across a call that can block
  std::unordered_map<Child*, std::unique_ptr<Child>> children_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::array<std::byte, 65536> buffer_;  // used by the thread only
  std::jthread thread_;
};

Processes::Runner::~Runner() {
  end_thread();
}

void Processes::Runner::end_thread() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  ::eventfd_write(stop_event_.get(), 1);
  thread_.join();
}

Result<void> Processes::Runner::begin() {
  const MutexLock lock(begin_mutex_);
  if (thread_.joinable()) return {};
  limit_.raise();
  undo_ignored_sigchld();
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  stop_event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (!epoll_ || !stop_event_ ||
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stop_event_.get(), &event) != 0) {
    return system_failure(errno, "cannot wait for processes");
  }
  // The thread blocks SIGPIPE too: a pipe without a reader must not end the agent.
  auto thread = start_thread("bellhop-procs", [this] { run(); });
  if (!thread) {
    return system_failure(thread.error().system.value(), "cannot start a thread for processes");
  }
  thread_ = *std::move(thread);
  return {};
}

Result<ProcessId> Processes::Runner::start(ProcessRequest request,
                                           std::shared_ptr<ProcessObserver> observer) {
  auto child = std::make_unique<Child>(std::move(observer));
  TRY_ASSIGN(auto ends, make_streams(request, *child));
  TRY_ASSIGN(auto report, make_pipe());
  const int out = ends.out.get();
  const auto pid = spawn(request,
                         {.in = ends.in.get(),
                          .out = out,
                          .err = ends.err ? ends.err.get() : out,
                          .descriptors = limit_.former()},
                         std::move(report));
  if (!pid) return not_started(pid.error(), request.path);
  ends = ChildEnds{};
  child->pid = *pid;
  if (request.input) child->input = *std::move(request.input);

  auto end = exit_descriptor(*pid);
  if (!end) {
    kill_child(*pid, {});
    return std::unexpected(std::move(end).error());
  }
  child->end.descriptor = *std::move(end);
  TRY(admit(std::move(child)));
  return *pid;
}

// Events that the thread has not handled are reported again after the fds are added elsewhere.
std::vector<ProcessSnapshot> Processes::Runner::release() {
  end_thread();
  const MutexLock lock(mutex_);
  stopping_ = false;
  std::vector<ProcessSnapshot> released;
  for (auto& [key, child] : children_) {
    child->input.erase(0, child->input_written);
    released.push_back({.number = child->pid,
                        .ended = !child->end.descriptor,
                        .in = std::move(child->in.descriptor),
                        .input = std::move(child->input),
                        .out = std::move(child->out.descriptor),
                        .err = std::move(child->err.descriptor),
                        .observer = std::move(child->observer)});
  }
  children_.clear();
  epoll_.reset();
  stop_event_.reset();
  return released;
}

Result<void> Processes::Runner::restore(ProcessSnapshot process) {
  auto child = std::make_unique<Child>(std::move(process.observer));
  child->pid = static_cast<pid_t>(process.number);
  child->input = std::move(process.input);
  child->in.descriptor = std::move(process.in);
  child->out.descriptor = std::move(process.out);
  child->err.descriptor = std::move(process.err);
  if (!process.ended) {
    TRY_ASSIGN(child->end.descriptor, exit_descriptor(child->pid));
  }
  const MutexLock lock(mutex_);
  const int error = watch_all(*child);
  if (error != 0) child->observer = std::make_shared<NullObserver>();
  if (!child->is_done()) children_.emplace(child.get(), std::move(child));
  if (error == 0) return {};
  return system_failure(error, "cannot watch process {}", process.number);
}

// Passes a running child to the thread. On failure the child is killed, because its end could not
// be reported.
Result<void> Processes::Runner::admit(std::unique_ptr<Child> child) {
  const pid_t pid = child->pid;
  int error;
  {
    // Held until all fds are added: the thread acquires it before it handles events.
    const MutexLock lock(mutex_);
    error = watch_all(*child);
    if (error != 0) child->observer = std::make_shared<NullObserver>();
    if (!child->is_done()) children_.emplace(child.get(), std::move(child));
  }
  if (error == 0) return {};
  if (child) {
    kill_child(pid, {});
  } else {
    ::kill(pid, SIGKILL);  // the thread watches its end and reaps it
  }
  return system_failure(error, "cannot watch process {}", pid);
}

// Returns 0 or an errno value. Closes the first fd that could not be added and all after it.
int Processes::Runner::watch_all(Child& child) {
  int error = 0;
  for (Watch* watch : child.watches()) {
    if (!watch->descriptor || (error == 0 && add(watch))) continue;
    if (error == 0) error = errno;
    watch->descriptor.reset();
  }
  return error;
}

bool Processes::Runner::add(Watch* watch) {
  const std::uint32_t events = watch->kind == Watch::Kind::in ? EPOLLOUT : EPOLLIN;
  epoll_event event{.events = events, .data = {.ptr = watch}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, watch->descriptor.get(), &event) == 0;
}

// Closing alone is not enough: a forked child that has not yet closed its copy keeps the pipe in
// the epoll set, which would continue to report it.
void Processes::Runner::close(Watch& watch) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watch.descriptor.get(), nullptr);
  watch.descriptor.reset();
}

bool Processes::Runner::is_stopping() {
  const MutexLock lock(mutex_);
  return stopping_;
}

void Processes::Runner::run() {
  std::array<epoll_event, 64> events;
  while (true) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (is_stopping()) return;
    for (int i = 0; i < count; ++i) {
      auto* watch = static_cast<Watch*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (watch) handle(*watch);
    }
  }
}

void Processes::Runner::handle(Watch& watch) {
  Child& child = *watch.child;
  switch (watch.kind) {
    case Watch::Kind::end:
      close(watch);
      child.observer->on_exit(reap(child.pid));
      break;
    case Watch::Kind::in:
      write_input(child);
      break;
    case Watch::Kind::out:
      read_output(watch, OutputStream::out);
      break;
    case Watch::Kind::err:
      read_output(watch, OutputStream::err);
      break;
  }
  // This was its last open watch, so no other event of this batch refers to the child.
  if (child.is_done()) forget(&child);
}

void Processes::Runner::read_output(Watch& watch, OutputStream stream) {
  const ssize_t size = retry_on_eintr(
      [&] { return ::read(watch.descriptor.get(), buffer_.data(), buffer_.size()); });
  if (size > 0) {
    watch.child->observer->on_output(stream,
                                     std::span(buffer_).first(static_cast<std::size_t>(size)));
  } else if (size == 0 || errno != EAGAIN) {
    close(watch);
    watch.child->observer->on_eof(stream);
  }
}

void Processes::Runner::write_input(Child& child) {
  const std::string_view rest = std::string_view(child.input).substr(child.input_written);
  if (!rest.empty()) {
    const ssize_t size = retry_on_eintr(
        [&] { return ::write(child.in.descriptor.get(), rest.data(), rest.size()); });
    if (size < 0 && errno == EAGAIN) return;
    if (size >= 0) {
      child.input_written += static_cast<std::size_t>(size);
      if (child.input_written < child.input.size()) return;
    }  // else no process reads the pipe any more, which is no error
  }
  close(child.in);
  child.input = {};
}

void Processes::Runner::forget(Child* child) {
  std::unique_ptr<Child> last;  // destroyed after the unlock: an observer's destructor may do more
  const MutexLock lock(mutex_);
  const auto found = children_.find(child);
  last = std::move(found->second);
  children_.erase(found);
}

Processes::Processes() : runner_(std::make_unique<Runner>()) {}
Processes::~Processes() = default;

Result<ProcessId> Processes::start(ProcessRequest request,
                                   std::shared_ptr<ProcessObserver> observer) {
  TRY(runner_->begin());
  return runner_->start(std::move(request), std::move(observer));
}

std::vector<ProcessSnapshot> Processes::release() {
  return runner_->release();
}

Result<void> Processes::restore(ProcessSnapshot process) {
  if (!process.observer) process.observer = std::make_shared<NullObserver>();
  TRY(runner_->begin());
  return runner_->restore(std::move(process));
}

std::int64_t Processes::descriptor_limit() const {
  return static_cast<std::int64_t>(runner_->limit().former().rlim_cur);
}

void Processes::set_descriptor_limit(std::int64_t limit) {
  runner_->limit().set_former(static_cast<rlim_t>(limit));
}

}  // namespace bellhop::platform
