// Replies as they go over the wire: the envelope around what a command returns.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "wire/json_writer.h"
#include "wire/value.h"

namespace bellhop::wire {

// The reply to a command that succeeded: {"return": …, "id": …} and a line feed, with one 0xFF
// before it when `delimited`. begin() starts it, the command writes its value, finish() ends it.
class SuccessReply {
 public:
  SuccessReply(std::string& out, JsonWriter::Drain drain, bool delimited)
      : out_(out), writer_(out, std::move(drain)), delimited_(delimited) {}

  JsonWriter& begin();
  bool begun() const { return begun_; }
  // `id` is echoed when there is one.
  void finish(std::optional<Value> id);

 private:
  std::string& out_;
  JsonWriter writer_;
  bool delimited_;
  bool begun_ = false;
};

// Appends {"id": …, "error": {"class": …, "desc": …}} and a line feed.
void append_error_reply(std::string& out, const Error& error, std::optional<Value> id);

}  // namespace bellhop::wire
