// Reply members whose shape no struct describes.
#pragma once

#include <functional>

namespace bellhop {

namespace wire {
class JsonWriter;
}

// Writes one JSON value of any shape. In the schema it is "anything".
struct AnyJson {
  std::function<void(wire::JsonWriter&)> write;
};

}  // namespace bellhop
