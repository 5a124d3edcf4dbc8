// The forms of log lines.
#pragma once

#include <string>

#include "platform/log/log_output.h"

namespace bellhop::agent {

// qemu-ga's line: `1795415014.218712: critical: text`. Control characters in the text, which may
// come from a client, are written as escapes, so that a record cannot pass for two.
void append_text_line(std::string& text, const platform::LogRecord& record);

// An object on one line: "time" (RFC 3339, UTC), "level", "message", and the record's fields by
// their names in small letters.
void append_json_line(std::string& text, const platform::LogRecord& record);

}  // namespace bellhop::agent
