// SPDX-License-Identifier: Apache-2.0
// The envelope of a reply, around the result of a command.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "wire/json_writer.h"
#include "wire/value.h"

namespace bellhop::wire {

// A success reply: {"return": …, "id": …} and a line feed, after one byte 0xFF if `delimited`.
// begin() starts it, the command writes its result, finish() ends it. `out` must outlive it.
class SuccessReply {
 public:
  SuccessReply(std::string& out, JsonWriter::Drain drain, bool delimited)
      : out_(out), writer_(out, std::move(drain)), delimited_(delimited) {}

  JsonWriter& begin();
  bool begun() const { return begun_; }
  // Echoes `id` if there is one.
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
