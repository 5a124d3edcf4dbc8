// A whole agent on its way from one program to the next.
#include <utility>

#include "agent/service.h"
#include "agent/version.h"
#include "state/handed_process.h"

namespace bellhop::agent {
namespace {

constexpr std::string_view agent_record = "agent";

std::int64_t nanoseconds(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

void Service::come_to_rest() {
  for (const auto& session : sessions_) session->pause();
}

std::optional<std::string> Service::unrest() {
  for (const auto& session : sessions_) {
    if (session->waits_for_client()) {
      return fmt::format("the client of {} does not take its reply", session->description());
    }
  }
  const std::vector<std::string_view> running = workers_.running();
  if (!running.empty()) return fmt::format("{} has not ended", running.front());
  for (const auto& session : sessions_) {
    if (!session->is_quiet()) return fmt::format("requests at {} wait", session->description());
    if (session->is_in_a_large_request()) {
      return fmt::format("a large request is coming in at {}", session->description());
    }
  }
  if (filesystem_sizes_.is_waiting()) return "a filesystem does not tell how full it is";
  if (!freeze_.is_at_rest()) return "a freeze, a thaw or their hook has not ended";
  return std::nullopt;
}

// What every version can read comes first.
bool Service::hand_over(state::HandoverWriter& writer) {
  for (const auto& session : sessions_) session->hand_over(writer);
  writer.begin(agent_record);
  writer.text("version", version);
  writer.text("program", start_.program.path);
  writer.text("working-directory", start_.program.working_directory);
  writer.number("replacements", start_.program.replacements + 1);
  writer.number("started", nanoseconds(agent_.started));
  writer.flag("end-wanted", end_wanted_);
  if (!freeze_.hand_over(writer)) return false;
  files_.hand_over(writer);
  jobs_.hand_over(writer);
  released_programs_ = programs_.release();
  state::hand_over(writer, released_programs_);
  if (start_.hand_over) start_.hand_over(writer);
  return true;
}

void Service::go_on() {
  jobs_.go_on();
  for (auto& process : std::exchange(released_programs_, {})) {
    static_cast<void>(programs_.adopt(std::move(process)));  // nobody asks for it
  }
  freeze_.go_on();
  for (const auto& session : sessions_) session->go_on();
}

void Service::replacement_failed(const Error& error) {
  tell(Log::Level::error, fmt::format("the agent was not replaced and goes on: {}", error.message));
}

void Service::take_over(state::Handover& handover) {
  if (const auto* record = handover.find(agent_record)) {
    end_wanted_ = record->flag("end-wanted");
    if (const auto started = record->number("started")) {
      agent_.started = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(*started));
    }
  }
  taken_channels_ = handover.take("channel");
  freeze_.take_over(handover);
  taken_jobs_ = jobs_.take_over(handover);
  taken_files_ = files_.take_over(handover);
  programs_.set_descriptor_limit(jobs_.descriptor_limit());  // not the one that was raised
  state::take_over(handover, programs_);
}

const state::HandoverRecord* Service::taken_channel(const std::string& description) const {
  for (const state::HandoverRecord* record : taken_channels_) {
    if (record->text("description") == description) return record;
  }
  return nullptr;
}

// The end of taking over: what nobody has taken is closed.
void Service::finish_take_over() {
  state::Handover& handover = *start_.handover;
  const auto records = handover.take(agent_record);
  const std::string_view before =
      records.empty() ? "unknown" : records.front()->text("version").value_or("unknown");
  tell(Log::Level::message,
       fmt::format("version {} was replaced by version {}, with {} open files and {} jobs", before,
                   version, taken_files_, taken_jobs_));
  taken_channels_.clear();
  const std::vector<std::string> losses = handover.close_rest();
  if (handover.damage()) tell(Log::Level::error, *handover.damage());
  for (const std::string& loss : losses) {
    tell(Log::Level::error,
         fmt::format("records of the program before are not known and lost: {}", loss));
  }
  start_.handover.reset();
}

// Nothing is written to the log while filesystems are frozen.
void Service::tell(Log::Level level, std::string text) {
  if (freeze_.is_frozen()) {
    waiting_to_be_told_.emplace_back(level, std::move(text));
  } else {
    log_.write(level, text);
  }
}

void Service::tell_what_waited() {
  for (auto& [level, text] : std::exchange(waiting_to_be_told_, {})) tell(level, std::move(text));
}

}  // namespace bellhop::agent
