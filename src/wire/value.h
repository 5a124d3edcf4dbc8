// SPDX-License-Identifier: Apache-2.0
// A JSON message in memory: one buffer with the text, one array with a node per value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace bellhop::wire {

enum class Kind : std::uint8_t {
  null,
  boolean,
  integer,           // fits int64_t
  unsigned_integer,  // above INT64_MAX, fits uint64_t
  real,              // written with a fraction or an exponent, or outside both integer ranges
  string,
  array,
  object,
};

// The decoded bytes of a string, as a range of the document's text.
struct Slice {
  std::size_t begin;
  std::size_t length;
};

// One value. Nodes are in document order: an object is followed by key, value, key, value…, an
// array by its elements. `end` is the index after the value's last descendant: that of the next
// sibling.
struct Node {
  Kind kind = Kind::null;
  std::uint32_t end = 0;
  std::uint32_t size = 0;  // elements of an array, members of an object
  union {
    bool boolean;
    std::int64_t integer = 0;
    std::uint64_t unsigned_integer;
    double real;
    Slice string;
  };
};

class Value;

// The text and the nodes of one message. Strings are decoded in place, once. Views into the
// document stay valid for its lifetime, also when it is moved.
class Document {
 public:
  Document(std::unique_ptr<char[], void (*)(void*)> text, std::vector<Node> nodes)
      : text_(std::move(text)), nodes_(std::move(nodes)) {}

  Value root() const;

 private:
  friend class Value;
  std::unique_ptr<char[], void (*)(void*)> text_;
  std::vector<Node> nodes_;
};

// A view of one value of a document, which must outlive it. Cheap to copy.
// Call the accessors for a kind only on values of that kind.
class Value {
 public:
  Kind kind() const { return node_->kind; }
  bool is(Kind kind) const { return node_->kind == kind; }

  bool boolean() const { return node_->boolean; }
  std::int64_t integer() const { return node_->integer; }
  std::uint64_t unsigned_integer() const { return node_->unsigned_integer; }
  double real() const { return node_->real; }
  std::string_view string() const { return {text_ + node_->string.begin, node_->string.length}; }
  // The same bytes, for decoding in place. They must not be read as text afterwards.
  std::span<char> mutable_string() const {
    return {text_ + node_->string.begin, node_->string.length};
  }

  std::uint32_t size() const { return node_->size; }

  // Calls visit(Value) for each element of an array, in order, until it returns false.
  // Returns false if visit did.
  template <class Visitor>
  bool each_element(Visitor&& visit) const {
    std::uint32_t at = index() + 1;
    for (std::uint32_t i = 0; i < node_->size; ++i) {
      const Value element(text_, nodes_, at);
      if (!visit(element)) return false;
      at = element.node_->end;
    }
    return true;
  }

  // Calls visit(std::string_view key, Value) for each member of an object, in order, until it
  // returns false. Returns false if visit did.
  template <class Visitor>
  bool each_member(Visitor&& visit) const {
    std::uint32_t at = index() + 1;
    for (std::uint32_t i = 0; i < node_->size; ++i) {
      const Value key(text_, nodes_, at);
      const Value value(text_, nodes_, at + 1);
      if (!visit(key.string(), value)) return false;
      at = value.node_->end;
    }
    return true;
  }

  // The value of an object's member with that key. Linear in the object's size.
  std::optional<Value> find(std::string_view key) const {
    std::optional<Value> found;
    each_member([&](std::string_view name, Value value) {
      if (name != key) return true;
      found = value;
      return false;
    });
    return found;
  }

  // For iterating over a value and its descendants without recursion: its index in document order,
  // the index after its last descendant, and the value at an index. A key is a string value.
  std::uint32_t index() const { return static_cast<std::uint32_t>(node_ - nodes_); }
  std::uint32_t end() const { return node_->end; }
  Value at(std::uint32_t index) const { return Value(text_, nodes_, index); }

 private:
  friend class Document;
  Value(char* text, const Node* nodes, std::uint32_t at)
      : text_(text), nodes_(nodes), node_(nodes + at) {}

  char* text_;
  const Node* nodes_;
  const Node* node_;
};

inline Value Document::root() const {
  return Value(text_.get(), nodes_.data(), 0);
}

}  // namespace bellhop::wire
