// SPDX-License-Identifier: Apache-2.0
// The jobs: programs that clients have started. Output and exit status are kept until a client asks
// for them.
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

// Limits on what is kept in memory.
struct JobLimits {
  std::size_t stream = std::size_t{16} << 20;  // bytes per stream of a job; as qemu-ga
  // Bytes of all jobs together. Beyond it the output of the job that finished first is dropped and
  // flagged as truncated. If no finished job has output, new output is dropped.
  std::size_t output = std::size_t{256} << 20;
  // Finished jobs that no client has asked for. Beyond it the one that finished first is forgotten.
  std::size_t finished = 65536;
};

// A captured stream.
struct JobOutput {
  std::string bytes;
  bool truncated = false;  // there was more, which was read and discarded
};

struct JobStatus {
  // The process has ended and no process can write to its captured streams. The other members are
  // set only then.
  bool exited = false;
  platform::ProcessEnd end = {};
  // Immutable. Empty before the end.
  std::shared_ptr<const JobOutput> out = std::make_shared<const JobOutput>();
  std::shared_ptr<const JobOutput> err = out;
  std::shared_ptr<const void> job = {};  // identifies the job: pids are reused
};

enum class Waited { ended, timed_out, no_such_job };

// Thread-safe. A job's number is its pid. When the kernel reuses the pid of a finished job that no
// client has asked for, the old job is forgotten. Jobs that still run at destruction continue;
// nothing reads their output.
class Jobs {
 public:
  explicit Jobs(JobLimits limits = {}) : limits_(limits) {}

  // Starts a program and returns its pid. Waits until it is loaded.
  Result<std::int64_t> start(platform::ProcessRequest request);

  // The status of a job; nullopt if there is none with that number. The job is kept until
  // collected().
  std::optional<JobStatus> status(std::int64_t number);

  // Forgets the job. Called when the client has received this status, which is that of an exited
  // job.
  void collected(const JobStatus& status);

  // Waits until a job has exited, in the sense of JobStatus::exited. Does not forget it.
  Waited wait_for_end(std::int64_t number, std::chrono::steady_clock::time_point deadline);

  // Writes all jobs to the snapshot and returns their number. Their processes are not watched until
  // the successor restores them, or resume(). No thread may start or wait for a job in between.
  std::size_t snapshot(SnapshotWriter& writer);
  // The upgrade was aborted: watches the processes again.
  void resume();
  // Restores the jobs from the snapshot and returns their number. A job whose process cannot be
  // watched counts as ended with an unknown status.
  std::size_t restore(Snapshot& snapshot);

  // The limit of open fds for jobs; see platform::Processes.
  std::int64_t descriptor_limit() const { return processes_.descriptor_limit(); }
  void set_descriptor_limit(std::int64_t limit) { processes_.set_descriptor_limit(limit); }

 private:
  struct Job;
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
  Mutex mutex_;  // also for all jobs
  ConditionVariable changed_;
  std::unordered_map<std::int64_t, std::shared_ptr<Job>> jobs_ GUARDED_BY(mutex_);
  JobList finished_ GUARDED_BY(mutex_);      // exited jobs, in the order of their exits
  std::size_t kept_ GUARDED_BY(mutex_) = 0;  // bytes of all jobs' output

  std::vector<platform::ProcessSnapshot> released_;  // between snapshot() and resume()
  platform::Processes processes_;                    // destroyed first: it calls the observers
};

}  // namespace bellhop::state
