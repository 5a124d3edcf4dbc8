// SPDX-License-Identifier: Apache-2.0
// Formats of log lines.
#pragma once

#include <string>

#include "platform/log/log_output.h"

namespace bellhop::agent {

// qemu-ga's format: `1795415014.218712: critical: text`. Control characters in the text, which may
// come from a client, are escaped, so that one record cannot look like two.
void append_text_line(std::string& text, const platform::LogRecord& record);

// An object on one line: "time" (RFC 3339, UTC), "level", "message", and the record's fields by
// their names in lower case.
void append_json_line(std::string& text, const platform::LogRecord& record);

}  // namespace bellhop::agent
