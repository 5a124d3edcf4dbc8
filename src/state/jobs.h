// The programs that clients have started: what they write and how they end, kept until asked for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "platform/process/process.h"
#include "state/snapshot.h"

namespace bellhop::state {

// What is kept of jobs, in memory.
struct JobLimits {
  std::size_t stream = std::size_t{16} << 20;  // bytes of one stream of one job; as qemu-ga
  // Bytes of all jobs together. Beyond it the output of the job that finished first is dropped
  // and flagged as truncated; when there is none to drop, new output is.
  std::size_t output = std::size_t{256} << 20;
  // Finished jobs that nobody has asked for. Beyond it the one that finished first is forgotten.
  std::size_t finished = 65536;
};

// A captured stream.
struct JobOutput {
  std::string bytes;
  bool truncated = false;  // there was more, which was read and thrown away
};

struct JobStatus {
  // The process has ended and nobody can write into its captured streams any more. The rest is
  // only set then.
  bool exited = false;
  platform::ProcessEnd end = {};
  // Never change any more. Empty streams before the end.
  std::shared_ptr<const JobOutput> out = std::make_shared<const JobOutput>();
  std::shared_ptr<const JobOutput> err = out;
  std::shared_ptr<const void> job = {};  // which job this was: numbers come back
};

enum class Waited { ended, timed_out, no_such_job };

// Any thread may call. A job's number is that of its process. When the system gives the number of
// a finished job that nobody has asked for to a new one, the old one is forgotten.
// Jobs that still run when this object goes live on, without anybody to read what they write.
class Jobs {
 public:
  explicit Jobs(JobLimits limits = {}) : limits_(limits) {}

  // Starts a program and returns its number. Waits until it is loaded.
  Result<std::int64_t> start(platform::ProcessRequest request);

  // How a job is doing, nothing when there is none with that number. It is kept until collected().
  std::optional<JobStatus> status(std::int64_t number);

  // The client has got this status of a job that has exited: forgets the job.
  void collected(const JobStatus& status);

  // Waits until a job has exited, as status() understands it, and leaves it there.
  Waited wait_for_end(std::int64_t number, std::chrono::steady_clock::time_point deadline);

  // Writes down all jobs and returns how many there are. From then on what they do is left to who
  // takes them over, or to resume(). Nobody may start or wait for one meanwhile.
  std::size_t snapshot(SnapshotWriter& writer);
  // There is nobody to take them over: serves them again.
  void resume();
  // Takes the jobs of the program before and returns how many there are. One whose process cannot
  // be watched has ended, nobody knows how.
  std::size_t restore(Snapshot& snapshot);

  // The limit of open descriptors that jobs get; see platform::Processes.
  std::int64_t descriptor_limit() const { return processes_.descriptor_limit(); }
  void set_descriptor_limit(std::int64_t limit) { processes_.set_descriptor_limit(limit); }

 private:
  struct Job;
  class Observer;
  using JobList = std::list<std::shared_ptr<Job>>;

  void append(const Job& job, JobOutput& output, std::string_view bytes) REQUIRES(mutex_);
  void make_room(std::size_t size) REQUIRES(mutex_);
  void drop_output(Job& job) REQUIRES(mutex_);
  void finish_if_done(const std::shared_ptr<Job>& job) REQUIRES(mutex_);
  void forget(const std::shared_ptr<Job>& job) REQUIRES(mutex_);
  void write_job(SnapshotWriter& writer, const Job& job) const REQUIRES(mutex_);
  void restore_job(const SnapshotRecord& record);
  void restore_process(const SnapshotRecord& record);
  void lose(const std::shared_ptr<Job>& job) REQUIRES(mutex_);

  const JobLimits limits_;
  Mutex mutex_;  // for what follows and all jobs in it
  ConditionVariable changed_;
  std::unordered_map<std::int64_t, std::shared_ptr<Job>> jobs_ GUARDED_BY(mutex_);
  JobList finished_ GUARDED_BY(mutex_);      // those that have exited, in that order
  std::size_t kept_ GUARDED_BY(mutex_) = 0;  // bytes of all jobs' output

  std::vector<platform::ProcessSnapshot> released_;  // between snapshot() and resume()
  platform::Processes processes_;                    // goes first: nothing is observed after it
};

}  // namespace bellhop::state
