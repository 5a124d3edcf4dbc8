// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <utility>

#include "base/mutex.h"
#include "platform/io/pipe_posix.h"
#include "platform/process/child_posix.h"
#include "platform/process/process.h"
#include "platform/process/spawn_posix.h"
#include "platform/process/threads.h"

namespace bellhop::platform {
namespace {

// Raises the soft limit of open fds; restores it on destruction. The agent needs this because a job
// uses up to four fds. Children should get the limit that was in force at construction: the usual
// limit of 1,024 is meant for programs that use select(2).
class DescriptorLimit {
 public:
  DescriptorLimit() {
    if (::getrlimit(RLIMIT_NOFILE, &former_) != 0) former_ = {RLIM_INFINITY, RLIM_INFINITY};
  }
  ~DescriptorLimit() {
    if (raised_) ::setrlimit(RLIMIT_NOFILE, &former_);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  const rlimit& former() const { return former_; }
  // For a successor, which inherits the raised limit of the previous program.
  void set_former(rlim_t soft) { former_.rlim_cur = std::min(soft, former_.rlim_max); }

  // Raises the limit as far as allowed. Failure is no error: fewer jobs can run at once.
  void raise() {
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t wanted = std::min(limit.rlim_max, max_raised_limit);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    raised_ = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  }

 private:
  // Not the hard limit: that may be 10^9, and on old kernels close_from() closes fds one by one.
  static constexpr rlim_t max_raised_limit = 65536;

  rlimit former_;
  bool raised_ = false;
};

using Stream = asio::posix::stream_descriptor;

// A child, its exit descriptor and the agent's ends of its pipes. Done when all of them are closed.
struct Child {
  explicit Child(asio::io_context& loop) : end(loop), in(loop), out(loop), err(loop) {}

  bool is_done() const {
    return !end.is_open() && !in.is_open() && !out.is_open() && !err.is_open();
  }

  pid_t pid = -1;
  std::shared_ptr<ProcessObserver> observer;  // null: not observed
  std::string input;
  std::size_t input_written = 0;
  Stream end;
  Stream in;
  Stream out;
  Stream err;
};

// The child's ends of its pipes; the agent closes them once the child runs.
struct ChildEnds {
  Handle in;
  Handle out;
  Handle err;  // empty: the same as out
};

// Creates one stream: stores the agent's end in `ours` (none for /dev/null), returns the child's.
Result<Handle> make_stream(bool piped, bool child_reads, Handle& ours) {
  if (!piped) return open_null(child_reads ? O_RDONLY : O_WRONLY);
  TRY_ASSIGN(auto pipe, make_pipe());
  ours = std::move(child_reads ? pipe.write : pipe.read);
  return std::move(child_reads ? pipe.read : pipe.write);
}

Result<ChildEnds> make_streams(const ProcessRequest& request, ProcessSnapshot& process) {
  ChildEnds ends;
  TRY_ASSIGN(ends.in, make_stream(request.input.has_value(), true, process.in));
  TRY_ASSIGN(ends.out, make_stream(request.out == Output::capture, false, process.out));
  if (request.err == Output::with_out) return ends;
  TRY_ASSIGN(ends.err, make_stream(request.err == Output::capture, false, process.err));
  return ends;
}

// Lets the loop of `stream` wait for `handle`, which becomes non-blocking.
Result<void> assign(Stream& stream, Handle handle, ProcessId process) {
  if (!handle) return {};
  std::error_code error;
  static_cast<void>(stream.assign(handle.get(), error));  // checked via `error`, as below
  if (!error) {
    handle.release();
    static_cast<void>(stream.non_blocking(true, error));
  }
  if (error) return system_failure(error, "cannot watch process {}", process);
  return {};
}

Handle release_handle(Stream& stream) {
  return stream.is_open() ? Handle(stream.release()) : Handle();
}

// Removes the fd from the loop and closes it. A forked child may have a copy that it has not closed
// yet.
void close(Stream& stream) {
  release_handle(stream).reset();
}

}  // namespace

// The private thread and the children that it serves.
struct Processes::Runner {
  using ChildPointer = std::shared_ptr<Child>;

  Runner() {}  // not "= default", which would zero the buffer: most agents run nothing
  ~Runner() { end_thread(); }

  // Starts the thread, once.
  Result<void> begin();
  void end_thread();
  void serve(const ChildPointer& child);
  template <class Handler>
  void await(const ChildPointer& child, Stream& stream, Stream::wait_type what, Handler handler);
  void read_output(Child& child, Stream& stream, OutputStream which);
  void write_input(Child& child);

  DescriptorLimit limit;
  Mutex begin_mutex;  // held while the thread is created
  std::optional<asio::io_context> loop;
  Mutex mutex;  // never held across a call that can block
  std::unordered_set<ChildPointer> children GUARDED_BY(mutex);

  std::array<std::byte, 65536> buffer;  // used by the thread only
  std::jthread thread;
};

Result<void> Processes::Runner::begin() {
  const MutexLock lock(begin_mutex);
  if (thread.joinable()) return {};
  limit.raise();
  undo_ignored_sigchld();
  try {
    loop.emplace(1);
    const Stream first(*loop);  // the loop creates its epoll instance with the first stream
  } catch (const std::system_error& refused) {
    return system_failure(refused.code(), "cannot wait for processes");
  }
  // The thread blocks SIGPIPE too: a pipe without a reader must not end the agent.
  auto started = start_thread("bellhop-procs", [this] {
    const auto work = asio::make_work_guard(*loop);
    loop->run();
  });
  if (!started) {
    return system_failure(started.error().system.value(), "cannot start a thread for processes");
  }
  thread = *std::move(started);
  return {};
}

void Processes::Runner::end_thread() {
  if (!thread.joinable()) return;
  loop->stop();
  thread.join();
}

// On the thread, as all functions below.
void Processes::Runner::serve(const ChildPointer& child) {
  await(child, child->end, Stream::wait_read, [](Child& ended) {
    close(ended.end);
    const ProcessEnd end = reap(ended.pid);
    if (ended.observer) ended.observer->on_exit(end);
  });
  await(child, child->in, Stream::wait_write, [this](Child& reader) { write_input(reader); });
  await(child, child->out, Stream::wait_read,
        [this](Child& writer) { read_output(writer, writer.out, OutputStream::out); });
  await(child, child->err, Stream::wait_read,
        [this](Child& writer) { read_output(writer, writer.err, OutputStream::err); });
}

// Calls the handler each time that the stream is ready, until it is closed.
template <class Handler>
void Processes::Runner::await(const ChildPointer& child, Stream& stream, Stream::wait_type what,
                              Handler handler) {
  if (stream.is_open()) {
    stream.async_wait(what, [this, child, &stream, what, handler](std::error_code aborted) {
      if (aborted) return;
      handler(*child);
      await(child, stream, what, handler);
    });
  } else if (child->is_done()) {
    const MutexLock lock(mutex);
    children.erase(child);
  }
}

void Processes::Runner::read_output(Child& child, Stream& stream, OutputStream which) {
  const ssize_t size =
      retry_on_eintr([&] { return ::read(stream.native_handle(), buffer.data(), buffer.size()); });
  if (size > 0) {
    if (!child.observer) return;
    child.observer->on_output(which, std::span(buffer).first(static_cast<std::size_t>(size)));
  } else if (size == 0 || errno != EAGAIN) {
    close(stream);
    if (child.observer) child.observer->on_eof(which);
  }
}

void Processes::Runner::write_input(Child& child) {
  const std::string_view rest = std::string_view(child.input).substr(child.input_written);
  if (!rest.empty()) {
    const ssize_t size =
        retry_on_eintr([&] { return ::write(child.in.native_handle(), rest.data(), rest.size()); });
    if (size < 0 && errno == EAGAIN) return;
    if (size >= 0) {
      child.input_written += static_cast<std::size_t>(size);
      if (child.input_written < child.input.size()) return;
    }  // else no process reads the pipe any more, which is no error
  }
  close(child.in);
  child.input = {};
}

Processes::Processes() : runner_(std::make_unique<Runner>()) {}
Processes::~Processes() = default;

Result<ProcessId> Processes::start(ProcessRequest request,
                                   std::shared_ptr<ProcessObserver> observer) {
  TRY(runner_->begin());
  ProcessSnapshot process{.observer = std::move(observer)};
  TRY_ASSIGN(auto ends, make_streams(request, process));
  const int out = ends.out.get();
  const int err = ends.err ? ends.err.get() : out;
  TRY_ASSIGN(const pid_t pid, spawn(request, {.in = ends.in.get(), .out = out, .err = err},
                                    runner_->limit.former()));
  ends = ChildEnds{};
  process.number = pid;
  if (request.input) process.input = *std::move(request.input);
  if (auto watched = restore(std::move(process)); !watched) {
    kill_child(pid, {});  // its end could not be reported
    return std::unexpected(std::move(watched).error());
  }
  return pid;
}

// Events that the thread has not handled are reported again after the fds are added elsewhere.
std::vector<ProcessSnapshot> Processes::release() {
  runner_->end_thread();
  const MutexLock lock(runner_->mutex);
  std::vector<ProcessSnapshot> released;
  for (const auto& child : runner_->children) {
    child->input.erase(0, child->input_written);
    released.push_back({.number = child->pid,
                        .ended = !child->end.is_open(),
                        .in = release_handle(child->in),
                        .input = std::move(child->input),
                        .out = release_handle(child->out),
                        .err = release_handle(child->err),
                        .observer = std::move(child->observer)});
  }
  runner_->children.clear();
  runner_->loop.reset();
  return released;
}

Result<void> Processes::restore(ProcessSnapshot process) {
  TRY(runner_->begin());
  const auto child = std::make_shared<Child>(*runner_->loop);
  child->pid = static_cast<pid_t>(process.number);
  child->observer = std::move(process.observer);
  child->input = std::move(process.input);
  if (!process.ended) {
    TRY_ASSIGN(auto end, exit_descriptor(child->pid));
    TRY(assign(child->end, std::move(end), process.number));
  }
  TRY(assign(child->in, std::move(process.in), process.number));
  TRY(assign(child->out, std::move(process.out), process.number));
  TRY(assign(child->err, std::move(process.err), process.number));
  const MutexLock lock(runner_->mutex);
  runner_->children.insert(child);
  asio::post(*runner_->loop, [this, child] { runner_->serve(child); });
  return {};
}

std::int64_t Processes::descriptor_limit() const {
  return static_cast<std::int64_t>(runner_->limit.former().rlim_cur);
}

void Processes::set_descriptor_limit(std::int64_t limit) {
  runner_->limit.set_former(static_cast<rlim_t>(limit));
}

}  // namespace bellhop::platform
