// SPDX-License-Identifier: Apache-2.0
#include "wire/request.h"

#include <string>
#include <utility>

namespace bellhop::wire {
namespace {

std::unexpected<Error> member_error(std::string_view name, std::string_view problem) {
  return invalid("QMP input member '{}' {}", name, problem);
}

Result<Request> check(Value message, std::optional<Value> id) {
  std::optional<std::string_view> unexpected;
  message.each_member([&](std::string_view name, Value) {
    if (name != "execute" && name != "arguments" && name != "id") unexpected = name;
    return !unexpected;
  });
  if (unexpected) return member_error(*unexpected, "is unexpected");

  const std::optional<Value> execute = message.find("execute");
  const std::optional<Value> arguments = message.find("arguments");
  if (execute && !execute->is(Kind::string)) return member_error("execute", "must be a string");
  if (arguments && !arguments->is(Kind::object)) {
    return member_error("arguments", "must be an object");
  }
  if (!execute) return invalid("QMP input lacks member 'execute'");
  return Request{execute->string(), arguments, id};
}

}  // namespace

std::expected<Request, InvalidRequest> read_request(const Document& message) {
  const Value root = message.root();
  if (!root.is(Kind::object)) {
    return std::unexpected(
        InvalidRequest{invalid("QMP input must be a JSON object").error(), std::nullopt});
  }
  const std::optional<Value> id = root.find("id");
  Result<Request> request = check(root, id);
  if (!request) return std::unexpected(InvalidRequest{std::move(request).error(), id});
  return *std::move(request);
}

}  // namespace bellhop::wire
