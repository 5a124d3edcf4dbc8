// SPDX-License-Identifier: Apache-2.0
#include "state/jobs.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "state/process_snapshot.h"

namespace bellhop::state {
namespace {

constexpr std::string_view job_record = "job";
constexpr std::string_view process_record = "process";
constexpr std::string_view limits_record = "job-limits";

std::optional<int> int_field(const SnapshotRecord& record, std::string_view field) {
  const auto number = record.number(field);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

}  // namespace

// A started program. It observes its process, which owns it until it has ended and its streams are
// closed. It is also in jobs_ from when its pid is known until it is collected.
struct Jobs::Job final : platform::ProcessObserver, std::enable_shared_from_this<Job> {
  explicit Job(Jobs& owner) : jobs(owner) {}

  void on_output(platform::OutputStream stream, std::span<const std::byte> bytes) override {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const MutexLock lock(jobs.mutex_);
    jobs.append(*this, *(stream == platform::OutputStream::out ? out : err), text);
  }

  void on_eof(platform::OutputStream stream) override {
    const MutexLock lock(jobs.mutex_);
    (stream == platform::OutputStream::out ? out_open : err_open) = false;
    jobs.finish_if_done(shared_from_this());
  }

  void on_exit(platform::ProcessEnd how) override {
    const MutexLock lock(jobs.mutex_);
    end = how;
    jobs.finish_if_done(shared_from_this());
  }

  bool is_done() const { return end && !out_open && !err_open; }

  Jobs& jobs;
  std::int64_t number = 0;  // 0: not known yet
  std::optional<platform::ProcessEnd> end;
  bool out_open = false;
  bool err_open = false;
  bool forgotten = false;  // its output is not kept
  bool watched = true;     // its exit will be reported
  // Immutable once the job is done: other threads may read them.
  std::shared_ptr<JobOutput> out = std::make_shared<JobOutput>();
  std::shared_ptr<JobOutput> err = std::make_shared<JobOutput>();
  std::optional<JobList::iterator> place;  // in finished_
};

Result<std::int64_t> Jobs::start(platform::ProcessRequest request) {
  const auto job = std::make_shared<Job>(*this);
  job->out_open = request.out == platform::Output::capture;
  job->err_open = request.err == platform::Output::capture;
  TRY_ASSIGN(const auto number, processes_.start(std::move(request), job));

  const MutexLock lock(mutex_);
  const auto former = jobs_.find(number);
  if (former != jobs_.end()) forget(std::shared_ptr(former->second));
  job->number = number;
  jobs_.emplace(number, job);
  finish_if_done(job);
  return number;
}

std::optional<JobStatus> Jobs::status(std::int64_t number) {
  const MutexLock lock(mutex_);
  const auto found = jobs_.find(number);
  if (found == jobs_.end()) return std::nullopt;
  const std::shared_ptr<Job> job = found->second;
  if (!job->is_done()) return JobStatus{};
  return JobStatus{.exited = true, .end = *job->end, .out = job->out, .err = job->err, .job = job};
}

void Jobs::collected(const JobStatus& status) {
  const auto job = std::static_pointer_cast<const Job>(status.job);
  const MutexLock lock(mutex_);
  if (!job || job->forgotten) return;
  forget(std::shared_ptr(jobs_.at(job->number)));
}

Waited Jobs::wait_for_end(std::int64_t number, std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  const auto found = jobs_.find(number);
  if (found == jobs_.end()) return Waited::no_such_job;
  const std::shared_ptr<Job> job = found->second;
  const bool done =
      changed_.wait_until(mutex_, deadline, [&] { return job->is_done() || job->forgotten; });
  if (job->forgotten) return Waited::no_such_job;
  return done ? Waited::ended : Waited::timed_out;
}

void Jobs::append(const Job& job, JobOutput& output, std::string_view bytes) {
  if (job.forgotten || output.truncated) return;  // no output after a gap
  std::size_t taken = std::min(bytes.size(), limits_.stream - output.bytes.size());
  make_room(taken);
  taken = std::min(taken, limits_.output - kept_);
  if (taken < bytes.size()) output.truncated = true;
  output.bytes.append(bytes.substr(0, taken));
  kept_ += taken;
}

// Drops output of finished jobs, the first finished first, until `size` more bytes fit.
void Jobs::make_room(std::size_t size) {
  for (const auto& job : finished_) {
    if (limits_.output - kept_ >= size) return;
    drop_output(*job);
  }
}

void Jobs::drop_output(Job& job) {
  for (std::shared_ptr<JobOutput>* output : {&job.out, &job.err}) {
    if ((*output)->bytes.empty()) continue;
    kept_ -= (*output)->bytes.size();
    *output = std::make_shared<JobOutput>(JobOutput{.bytes = {}, .truncated = true});
  }
}

// Adds a job to finished_ when it is done and clients know its pid.
void Jobs::finish_if_done(const std::shared_ptr<Job>& job) {
  if (!job->is_done() || job->number == 0 || job->forgotten) return;
  job->place = finished_.insert(finished_.end(), job);
  if (finished_.size() > limits_.finished) forget(std::shared_ptr(finished_.front()));
  changed_.notify_all();
}

void Jobs::forget(const std::shared_ptr<Job>& job) {
  drop_output(*job);
  job->forgotten = true;
  if (job->place) finished_.erase(*job->place);
  job->place.reset();
  jobs_.erase(job->number);
  changed_.notify_all();
}

std::size_t Jobs::snapshot(SnapshotWriter& writer) {
  released_ = processes_.release();
  const MutexLock lock(mutex_);
  writer.begin(limits_record);
  writer.number("descriptors", processes_.descriptor_limit());
  // In the order in which they finished: the successor forgets them in this order.
  for (const auto& job : finished_) write_job(writer, *job);
  for (const auto& [number, job] : jobs_) {
    if (!job->place) write_job(writer, *job);
  }
  for (const platform::ProcessSnapshot& process : released_) {
    const auto* job = static_cast<const Job*>(process.observer.get());
    writer.begin(process_record);
    write_process(writer, process);
    // A process that a job left running may outlive the job.
    writer.number("job", job->forgotten ? 0 : job->number);
  }
  return jobs_.size();
}

void Jobs::write_job(SnapshotWriter& writer, const Job& job) const {
  writer.begin(job_record);
  writer.number("number", job.number);
  writer.flag("ended", job.end.has_value());
  if (job.end && job.end->exit_code) writer.number("exit-code", *job.end->exit_code);
  if (job.end && job.end->signal) writer.number("signal", *job.end->signal);
  writer.flag("out-open", job.out_open);
  writer.text("out", job.out->bytes);
  writer.flag("out-truncated", job.out->truncated);
  writer.flag("err-open", job.err_open);
  writer.text("err", job.err->bytes);
  writer.flag("err-truncated", job.err->truncated);
}

void Jobs::resume() {
  for (platform::ProcessSnapshot& process : released_) {
    const auto job = std::static_pointer_cast<Job>(process.observer);
    if (processes_.restore(std::move(process))) continue;
    const MutexLock lock(mutex_);
    lose(job);
  }
  released_.clear();
}

std::size_t Jobs::restore(Snapshot& snapshot) {
  for (const SnapshotRecord* record : snapshot.take(limits_record)) {
    if (const auto limit = record->number("descriptors")) processes_.set_descriptor_limit(*limit);
  }
  for (const SnapshotRecord* record : snapshot.take(job_record)) restore_job(*record);
  for (const SnapshotRecord* record : snapshot.take(process_record)) restore_process(*record);
  const MutexLock lock(mutex_);
  for (const auto& [number, job] : std::unordered_map(jobs_)) {
    if (!job->watched) lose(job);
  }
  return jobs_.size();
}

void Jobs::restore_job(const SnapshotRecord& record) {
  const auto number = record.number("number");
  if (!number) return;
  const auto job = std::make_shared<Job>(*this);
  job->number = *number;
  if (record.flag("ended")) {
    job->end = {.exit_code = int_field(record, "exit-code"), .signal = int_field(record, "signal")};
  }
  job->out_open = record.flag("out-open");
  job->err_open = record.flag("err-open");
  *job->out = {.bytes = std::string(record.text("out").value_or("")),
               .truncated = record.flag("out-truncated")};
  *job->err = {.bytes = std::string(record.text("err").value_or("")),
               .truncated = record.flag("err-truncated")};
  const MutexLock lock(mutex_);
  if (!jobs_.emplace(*number, job).second) return;
  job->watched = job->is_done();
  kept_ += job->out->bytes.size() + job->err->bytes.size();
  finish_if_done(job);
}

void Jobs::restore_process(const SnapshotRecord& record) {
  platform::ProcessSnapshot process = read_process(record);
  auto job = std::make_shared<Job>(*this);
  job->forgotten = true;
  {
    const MutexLock lock(mutex_);
    const auto found = jobs_.find(record.number("job").value_or(0));
    if (found != jobs_.end()) job = found->second;
  }
  process.observer = job;
  const bool watched = processes_.restore(std::move(process)).has_value();
  const MutexLock lock(mutex_);
  if (watched) job->watched = true;
}

// Ends a job whose exit cannot be observed: its status is unknown.
void Jobs::lose(const std::shared_ptr<Job>& job) {
  if (job->is_done()) return;
  if (!job->end) job->end.emplace();
  job->out_open = job->err_open = false;
  finish_if_done(job);
}

}  // namespace bellhop::state
