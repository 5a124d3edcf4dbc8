// SPDX-License-Identifier: Apache-2.0
// Quiesce, snapshot, resume and restore of the GuestAgent.
#include <utility>

#include "agent/guest_agent.h"
#include "base/version.h"
#include "platform/process/upgrade_request.h"
#include "state/process_snapshot.h"

namespace bellhop::agent {
namespace {

constexpr std::string_view agent_record = "agent";
constexpr std::string_view requester_record = "upgrade-requester";

}  // namespace

void GuestAgent::quiesce() {
  for (const auto& server : servers_) server->pause();
}

std::optional<std::string> GuestAgent::busy_reason() {
  for (const auto& server : servers_) {
    if (server->waits_for_client()) {
      return fmt::format("the client of {} does not read its reply", server->description());
    }
  }
  const std::vector<std::string_view> running = workers_.running();
  if (!running.empty()) return fmt::format("{} is still running", running.front());
  for (const auto& server : servers_) {
    if (!server->is_idle()) return fmt::format("requests on {} are waiting", server->description());
    if (server->has_partial_request()) {
      return fmt::format("a client on {} has sent half a request", server->description());
    }
  }
  if (statvfs_pool_.is_waiting()) return "statvfs has not returned for a filesystem";
  if (!freeze_.is_idle()) return "a freeze, a thaw or its hook is still running";
  return std::nullopt;
}

// The channels come first: every version can read their records.
bool GuestAgent::snapshot(state::SnapshotWriter& writer) {
  notify(platform::ServiceState::reloading, "");
  for (const auto& server : servers_) server->snapshot(writer);
  writer.begin(agent_record);
  writer.text("version", program_version);
  writer.text("program", start_.executable.path);
  writer.text("working-directory", start_.executable.working_directory);
  writer.text("service-manager", start_.executable.service_manager);
  writer.number("replacements", start_.executable.upgrades + 1);
  writer.time("started", services_.started);
  writer.flag("end-wanted", stop_requested_);
  for (const platform::Handle& requester : upgrade_requesters_) {
    writer.begin(requester_record);
    writer.descriptor("pipe", requester.get());
  }
  if (!freeze_.snapshot(writer)) return false;
  files_.snapshot(writer);
  jobs_.snapshot(writer);
  released_programs_ = programs_.release();
  state::snapshot(writer, released_programs_);
  log_.snapshot(writer);
  if (start_.add_to_snapshot) start_.add_to_snapshot(writer);
  return true;
}

void GuestAgent::resume() {
  jobs_.resume();
  for (auto& process : std::exchange(released_programs_, {})) {
    // An error is ignored: no client asks for the results of these programs.
    static_cast<void>(programs_.restore(std::move(process)));
  }
  freeze_.start();
  for (const auto& server : servers_) server->resume();
}

// A request during an upgrade gets the result of that one.
void GuestAgent::start_upgrade(platform::Handle requester) {
  if (requester) upgrade_requesters_.push_back(std::move(requester));
  upgrade_.start();
}

void GuestAgent::report_upgrade(const Result<std::string>& result) {
  for (const auto& requester : std::exchange(upgrade_requesters_, {})) {
    platform::report_upgrade(requester, result);
  }
}

void GuestAgent::upgrade_failed(const Error& error) {
  notify(platform::ServiceState::ready, fmt::format("live upgrade failed: {}", error.message));
  report_upgrade(std::unexpected(error));
  log_.error("live upgrade failed, the running agent continues: {}", error.message);
}

void GuestAgent::restore(state::Snapshot& snapshot) {
  predecessor_version_ = "unknown";
  for (const state::SnapshotRecord* record : snapshot.take(requester_record)) {
    upgrade_requesters_.push_back(record->descriptor("pipe"));
  }
  if (const auto* record = snapshot.find(agent_record)) {
    predecessor_version_ = record->text("version").value_or(predecessor_version_);
    stop_requested_ = record->flag("end-wanted");
    services_.started =
        record->time<decltype(services_.started)>("started").value_or(services_.started);
  }
  channel_records_ = snapshot.take("channel");
  log_.restore(snapshot);
  freeze_.restore(snapshot);
  restored_jobs_ = jobs_.restore(snapshot);
  restored_files_ = files_.restore(snapshot);
  programs_.set_descriptor_limit(jobs_.descriptor_limit());  // the original one, not the raised one
  state::restore(snapshot, programs_);
}

const state::SnapshotRecord* GuestAgent::channel_record(const std::string& description) const {
  for (const state::SnapshotRecord* record : channel_records_) {
    if (record->text("description") == description) return record;
  }
  return nullptr;
}

// Ends the restore: logs it and closes unclaimed fds.
void GuestAgent::finish_restore() {
  state::Snapshot& snapshot = *start_.snapshot;
  snapshot.take(agent_record);
  snapshot.take(successor_record);  // its descriptor is closed below
  log_.message("version {} was replaced by version {}, with {} open files and {} jobs",
               predecessor_version_, program_version, restored_files_, restored_jobs_);
  channel_records_.clear();
  const std::vector<std::string> losses = snapshot.close_rest();
  if (snapshot.damage()) log_.error("{}", *snapshot.damage());
  for (const std::string& loss : losses) {
    log_.error("records of the program before are not known and lost: {}", loss);
  }
  start_.snapshot.reset();
}

}  // namespace bellhop::agent
