// SPDX-License-Identifier: Apache-2.0
#include "wire/reply.h"

#include <string_view>

namespace bellhop::wire {
namespace {

// The error classes that qemu-ga sends. QMP has more, but a guest agent does not send them.
std::string_view error_class(ErrorCode code) {
  switch (code) {
    case ErrorCode::command_not_found:
    case ErrorCode::command_disabled:
      return "CommandNotFound";
    case ErrorCode::failed:
    case ErrorCode::invalid_request:
      return "GenericError";
  }
  return "GenericError";
}

}  // namespace

JsonWriter& SuccessReply::begin() {
  begun_ = true;
  if (delimited_) out_ += '\xFF';
  writer_.begin_object();
  writer_.key("return");
  return writer_;
}

void SuccessReply::finish(std::optional<Value> id) {
  if (id) {
    writer_.key("id");
    writer_.value(*id);
  }
  writer_.end_object();
  out_ += '\n';
}

void append_error_reply(std::string& out, const Error& error, std::optional<Value> id) {
  JsonWriter writer(out);
  writer.begin_object();
  if (id) {
    writer.key("id");
    writer.value(*id);
  }
  writer.key("error");
  writer.begin_object();
  writer.key("class");
  writer.string(error_class(error.code));
  writer.key("desc");
  writer.string(error.message);
  writer.end_object();
  writer.end_object();
  out += '\n';
}

}  // namespace bellhop::wire
