// SPDX-License-Identifier: Apache-2.0
#include "bellhop/client.h"

#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "connection.h"
#include "failures.h"
#include "printable.h"
#include "reply.h"

namespace bellhop::client {
namespace {

using nlohmann::json;

constexpr std::string_view sync_command = "guest-sync-delimited";

// From 0 to 2^52 - 1, exact as a double: some agents are written in languages without integers.
std::int64_t random_id() {
  std::random_device device;
  const auto high = static_cast<std::int64_t>(device() & 0xFFFFF);
  return (high << 32) | static_cast<std::int64_t>(device());
}

// One line of JSON. Errors: invalid_argument.
std::expected<std::string, Error> encode_request(std::string_view command, const json& arguments) {
  if (!arguments.is_null() && !arguments.is_object()) {
    return std::unexpected(
        Error{ErrorKind::invalid_argument, "the arguments of a command must be a JSON object"});
  }
  json request = {{"execute", command}};
  if (!arguments.empty()) request["arguments"] = arguments;
  try {
    return request.dump(-1, ' ', true) + '\n';
  } catch (const json::exception& error) {  // of text that is not UTF-8
    return std::unexpected(Error{
        ErrorKind::invalid_argument,
        "the command or its arguments cannot be written as JSON: " + printable(error.what())});
  }
}

}  // namespace

class Client::Implementation {
 public:
  Implementation(std::string endpoint, const Options& options, Connection connection)
      : endpoint_(std::move(endpoint)), options_(options), connection_(std::move(connection)) {}

  std::expected<void, Error> synchronise(std::string_view command, const Deadline& deadline);
  std::expected<json, Error> call(std::string_view command, const std::string& request,
                                  const Deadline& deadline);
  const Options& options() const { return options_; }

 private:
  std::string endpoint_;
  Options options_;
  Connection connection_;
  bool in_sync_ = false;  // the next input is the reply to the next request
};

// `command` is the caller's command, for error messages; empty while connecting.
std::expected<void, Error> Client::Implementation::synchronise(std::string_view command,
                                                               const Deadline& deadline) {
  const Subject subject{.endpoint = endpoint_, .command = command};
  const std::int64_t id = random_id();
  const json request = {{"execute", sync_command}, {"arguments", {{"id", id}}}};
  SyncSearch search(id);
  const auto outcome =
      connection_.exchange('\xFF' + request.dump() + '\n', deadline,
                           [&](std::string_view piece) { return search.consume(piece); });
  if (outcome.end == Connection::End::deadline) {
    return std::unexpected(timed_out(subject, sync_command, deadline));
  }
  if (outcome.end == Connection::End::closed) {
    return std::unexpected(
        connection_lost({.endpoint = endpoint_, .command = {}}, outcome.error_number, 0));
  }
  if (search.refusal()) return std::unexpected(cannot_synchronise(subject, *search.refusal()));
  in_sync_ = true;
  return {};
}

std::expected<json, Error> Client::Implementation::call(std::string_view command,
                                                        const std::string& request,
                                                        const Deadline& deadline) {
  if (!in_sync_ || connection_.has_input()) {
    if (auto done = synchronise(command, deadline); !done) return std::unexpected(done.error());
  }
  in_sync_ = false;
  const Subject subject{.endpoint = endpoint_, .command = command};
  ReplyLine reply(options_.max_reply_bytes);
  const auto outcome = connection_.exchange(
      request, deadline, [&](std::string_view piece) { return reply.consume(piece); });
  switch (outcome.end) {
    case Connection::End::deadline:
      return std::unexpected(timed_out(subject, command, deadline));
    case Connection::End::closed:
      return std::unexpected(connection_lost(subject, outcome.error_number, reply.text().size()));
    case Connection::End::finished:
      break;
  }
  if (reply.too_large()) return std::unexpected(reply_too_large(subject, options_.max_reply_bytes));
  auto result = parse_reply(reply.text(), subject);
  const bool is_valid_reply = result || result.error().kind == ErrorKind::agent_error;
  in_sync_ = is_valid_reply && outcome.request_sent && !reply.has_surplus();
  return result;
}

Client::Client(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

std::expected<Client, Error> Client::connect(const Endpoint& endpoint, const Options& options) {
  const Deadline deadline(options.timeout);
  auto connection = Connection::open(endpoint, deadline);
  if (!connection) return std::unexpected(connection.error());
  auto implementation =
      std::make_unique<Implementation>(endpoint.to_string(), options, *std::move(connection));
  if (auto done = implementation->synchronise({}, deadline); !done) {
    return std::unexpected(done.error());
  }
  return Client(std::move(implementation));
}

std::expected<json, Error> Client::call(std::string_view command, const json& arguments,
                                        std::optional<std::chrono::milliseconds> timeout) {
  const Deadline deadline(timeout.value_or(implementation_->options().timeout));
  const auto request = encode_request(command, arguments);
  if (!request) return std::unexpected(request.error());
  return implementation_->call(command, *request, deadline);
}

}  // namespace bellhop::client
