// An snapshot message, written anew from what the reader has understood of it.
#include <fmt/format.h>

#include <cmath>

#include "wire/json_reader.h"
#include "wire/json_writer.h"

namespace bellhop::wire {
namespace {

// A number with a fraction or an exponent is not an integer, whatever its value is.
void append_real(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value < 0 ? "-1e999" : "1e999";
    return;
  }
  const std::size_t begin = out.size();
  JsonWriter(out).real(value);
  if (out.find_first_of(".e", begin) == out.npos) out += "e0";
}

void append_scalar(std::string& out, const Node& node, const char* text) {
  JsonWriter writer(out);
  switch (node.kind) {
    case Kind::null:
      return writer.null();
    case Kind::boolean:
      return writer.boolean(node.boolean);
    case Kind::integer:
      return writer.integer(node.integer);
    case Kind::unsigned_integer:
      return writer.unsigned_integer(node.unsigned_integer);
    case Kind::real:
      return append_real(out, node.real);
    case Kind::string:
      return writer.string({text + node.string.begin, node.string.length});
    case Kind::array:
      out += '[';
      return;
    case Kind::object:
      out += '{';
      return;
  }
}

bool is_container(const Node& node) {
  return node.kind == Kind::array || node.kind == Kind::object;
}

// Writes nodes in their order, with what stands between them.
class Writer {
 public:
  Writer(std::string& out, const char* text) : out_(out), text_(text) {}

  // `end` is where the node's container is complete, 0 when it is not.
  void add(const Node& node) {
    if (!levels_.empty()) begin_element();
    append_scalar(out_, node, text_);
    if (is_container(node))
      levels_.push_back({.end = node.end, .object = node.kind == Kind::object});
  }
  // Closes what is complete before the node with that index.
  void close(std::uint32_t index) {
    while (!levels_.empty() && levels_.back().end == index) {
      out_ += levels_.back().object ? '}' : ']';
      levels_.pop_back();
    }
  }

 private:
  struct Level {
    std::uint32_t end;
    bool object;
    std::uint32_t nodes = 0;  // keys and values so far
  };

  void begin_element() {
    Level& level = levels_.back();
    const bool is_value = level.object && level.nodes % 2 == 1;
    if (level.nodes != 0) out_ += is_value ? ':' : ',';
    ++level.nodes;
  }

  std::string& out_;
  const char* text_;
  std::vector<Level> levels_;
};

}  // namespace

std::string JsonReader::serialize_partial(const char* buffer) const {
  std::string out;
  Writer writer(out, buffer);
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    writer.close(i);
    writer.add(nodes_[i]);
  }
  if (nodes_.empty()) return out;
  writer.close(next_index());
  const bool in_object = nodes_[open_.back().container].kind == Kind::object;
  if (expects_ == Expects::key) out += ',';
  if (expects_ == Expects::value) out += in_object ? ':' : ',';
  return out;
}

}  // namespace bellhop::wire
