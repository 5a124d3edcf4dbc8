// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rpc/field.h"
#include "wire/json_reader.h"

namespace bellhop {
namespace {

enum class Whence { set, cur, end };
[[maybe_unused]] constexpr auto wire_names(Whence) {
  return std::array<std::string_view, 3>{"set", "cur", "end"};
}

using Position = Alternate<"GuestFileWhence", std::int64_t, Whence>;

struct Processor {
  std::int64_t logical_id;
  bool online;
};

constexpr auto fields_of(const Processor*) {
  return fields(field<"logical-id", &Processor::logical_id>("Its number."),
                field<"online", &Processor::online>("Whether it runs."));
}

struct Everything {
  std::optional<std::string_view> text;
  std::optional<std::int64_t> number;
  std::optional<std::uint64_t> size;
  std::optional<bool> flag;
  std::optional<std::vector<std::string>> arg;
  std::optional<std::vector<Processor>> vcpus;
  std::optional<Position> whence;
  std::optional<Whence> mode;
};

constexpr auto fields_of(const Everything*) {
  return fields(field<"text", &Everything::text>(""), field<"number", &Everything::number>(""),
                field<"size", &Everything::size>(""), field<"flag", &Everything::flag>(""),
                field<"arg", &Everything::arg>(""), field<"vcpus", &Everything::vcpus>(""),
                field<"whence", &Everything::whence>(""), field<"mode", &Everything::mode>(""));
}

struct Required {
  std::int64_t handle;
  std::string path;
};

constexpr auto fields_of(const Required*) {
  return fields(field<"handle", &Required::handle>(""), field<"path", &Required::path>(""));
}

template <class T>
class Decoded {
 public:
  explicit Decoded(std::string_view json)
      : document_(*wire::parse(json)), result_(decode_arguments<T>(document_.root())) {}
  const Result<T>& operator*() const { return result_; }
  std::string error() const { return result_ ? "no error" : result_.error().message; }
  const T* operator->() const { return &*result_; }

 private:
  wire::Document document_;
  Result<T> result_;
};

std::string error_of(std::string_view json) {
  return Decoded<Everything>(json).error();
}

TEST(DecodeArguments, TakesEveryType) {
  const Decoded<Everything> all(
      R"({"text": "a\nb", "number": -3, "size": 18446744073709551615, "flag": true,
          "arg": ["x", ""], "vcpus": [{"logical-id": 7, "online": false}], "whence": "cur",
          "mode": "end"})");
  ASSERT_TRUE(*all) << all.error();
  EXPECT_EQ(all->text, "a\nb");
  EXPECT_EQ(all->number, -3);
  EXPECT_EQ(all->size, UINT64_MAX);
  EXPECT_EQ(all->flag, true);
  EXPECT_EQ(all->arg, (std::vector<std::string>{"x", ""}));
  ASSERT_EQ(all->vcpus->size(), 1U);
  EXPECT_EQ(all->vcpus->front().logical_id, 7);
  EXPECT_FALSE(all->vcpus->front().online);
  EXPECT_EQ(std::get<Whence>(all->whence->value), Whence::cur);
  EXPECT_EQ(all->mode, Whence::end);
}

TEST(DecodeArguments, LeavesOptionalMembersEmpty) {
  const Decoded<Everything> none("{}");
  ASSERT_TRUE(*none);
  EXPECT_FALSE(none->text);
  EXPECT_FALSE(none->whence);
  EXPECT_TRUE(decode_arguments<Everything>(std::nullopt));
}

TEST(DecodeArguments, NamesTheFirstMissingParameterInSchemaOrder) {
  EXPECT_EQ(Decoded<Required>("{}").error(), "Parameter 'handle' is missing");
  EXPECT_EQ(Decoded<Required>(R"({"handle": 1})").error(), "Parameter 'path' is missing");
  EXPECT_EQ(decode_arguments<Required>(std::nullopt).error().message,
            "Parameter 'handle' is missing");
}

TEST(DecodeArguments, RefusesUnexpectedParametersLast) {
  EXPECT_EQ(Decoded<Required>(R"({"x": 1, "handle": 1, "path": ""})").error(),
            "Parameter 'x' is unexpected");
  EXPECT_EQ(Decoded<Required>(R"({"x": 1, "handle": "1"})").error(),
            "Invalid parameter type for 'handle', expected: integer");
}

TEST(DecodeArguments, NamesAParameterWithoutAName) {
  EXPECT_EQ(error_of(R"({"": 1})"), "Parameter '' is unexpected");
}

TEST(DecodeArguments, NamesTheTypeThatItExpects) {
  EXPECT_EQ(error_of(R"({"text": 1})"), "Invalid parameter type for 'text', expected: string");
  EXPECT_EQ(error_of(R"({"number": "1"})"),
            "Invalid parameter type for 'number', expected: integer");
  EXPECT_EQ(error_of(R"({"flag": null})"), "Invalid parameter type for 'flag', expected: boolean");
  EXPECT_EQ(error_of(R"({"arg": {}})"), "Invalid parameter type for 'arg', expected: array");
  EXPECT_EQ(error_of(R"({"vcpus": [1]})"),
            "Invalid parameter type for 'vcpus[0]', expected: object");
  EXPECT_EQ(error_of(R"({"mode": 1})"), "Invalid parameter type for 'mode', expected: string");
  EXPECT_EQ(error_of(R"({"whence": true})"),
            "Invalid parameter type for 'whence', expected: GuestFileWhence");
}

TEST(DecodeArguments, SaysWhereInAListAnElementIsWrong) {
  EXPECT_EQ(error_of(R"({"arg": ["a", 1]})"),
            "Invalid parameter type for 'arg[1]', expected: string");
  EXPECT_EQ(error_of(R"({"vcpus": [{"logical-id": "0", "online": true}]})"),
            "Invalid parameter type for 'vcpus[0].logical-id', expected: integer");
  EXPECT_EQ(error_of(R"({"vcpus": [{"logical-id": 0}]})"),
            "Parameter 'vcpus[0].online' is missing");
  EXPECT_EQ(error_of(R"({"vcpus": [{"logical-id": 0, "online": true, "x": 1}]})"),
            "Parameter 'vcpus[0].x' is unexpected");
}

TEST(DecodeArguments, RefusesFloatsAndTooLargeNumbersForIntegers) {
  EXPECT_EQ(error_of(R"({"number": 5.0})"),
            "Invalid parameter type for 'number', expected: integer");
  EXPECT_EQ(error_of(R"({"number": 9223372036854775808})"),
            "Invalid parameter type for 'number', expected: integer");
}

TEST(DecodeArguments, RefusesValuesThatAnEnumerationLacks) {
  EXPECT_EQ(error_of(R"({"mode": "bogus"})"), "Parameter 'mode' does not accept value 'bogus'");
  EXPECT_EQ(error_of(R"({"whence": "bogus"})"), "Parameter 'whence' does not accept value 'bogus'");
}

}  // namespace
}  // namespace bellhop
