// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/os_info.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <filesystem>
#include <fstream>

#include "unit/gate.h"

namespace bellhop::platform {
namespace {

std::string name_in(std::string_view text) {
  return parse_os_release(text).name.value_or("(not set)");
}

TEST(Kernel, IsThatOfUname) {
  utsname names{};
  ASSERT_EQ(::uname(&names), 0);
  const auto running = os_info(std::nullopt);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->kernel_release, names.release);
  EXPECT_EQ(running->kernel_version, names.version);
  EXPECT_EQ(running->machine, names.machine);
}

TEST(OsRelease, ReadsSevenVariables) {
  const auto release = parse_os_release(
      "NAME=n\nID=i\nPRETTY_NAME=p\nVERSION=v\nVERSION_ID=vi\nVARIANT=va\nVARIANT_ID=vai\n");
  EXPECT_EQ(release.name, "n");
  EXPECT_EQ(release.id, "i");
  EXPECT_EQ(release.pretty_name, "p");
  EXPECT_EQ(release.version, "v");
  EXPECT_EQ(release.version_id, "vi");
  EXPECT_EQ(release.variant, "va");
  EXPECT_EQ(release.variant_id, "vai");
}

TEST(OsRelease, OmitsVariablesThatAreNotSet) {
  const auto release = parse_os_release("HOME_URL=\"x\"\nName=y\nVERSION-ID=1\n");
  EXPECT_FALSE(release.name);
  EXPECT_FALSE(release.id);
  EXPECT_FALSE(release.version_id);
}

TEST(OsRelease, AnEmptyValueCountsAsSet) {
  EXPECT_EQ(name_in("NAME=\n"), "");
  EXPECT_EQ(name_in("NAME=\"\"\n"), "");
  EXPECT_EQ(name_in("NAME=''\n"), "");
}

TEST(OsRelease, DoubleQuotesKeepSpaces) {
  EXPECT_EQ(name_in("NAME=\"Foo  Bar \"\n"), "Foo  Bar ");
}

TEST(OsRelease, BackslashesInDoubleQuotesEscapeShellCharacters) {
  EXPECT_EQ(name_in(R"(NAME="a \"b\" \$c \\ \` \' d")"), R"(a "b" $c \ ` ' d)");
  EXPECT_EQ(name_in(R"(NAME="a\nb\t")"), R"(a\nb\t)");
}

TEST(OsRelease, SingleQuotesKeepEverything) {
  EXPECT_EQ(name_in(R"(NAME='Foo "Bar" \$x')"), R"(Foo "Bar" \$x)");
}

TEST(OsRelease, BackslashesEscapeOutsideQuotes) {
  EXPECT_EQ(name_in(R"(NAME=Foo\ Bar\$x)"), "Foo Bar$x");
  EXPECT_EQ(name_in("NAME=Foo\\"), "Foo\\");
}

TEST(OsRelease, AValueWithoutQuotesEndsAtASpaceOrSemicolon) {
  EXPECT_EQ(name_in("NAME=Foo # a comment\n"), "Foo");
  EXPECT_EQ(name_in("NAME=Foo;Bar\n"), "Foo");
}

TEST(OsRelease, SkipsCommentsAndOtherLines) {
  EXPECT_EQ(name_in("#NAME=a\n  # NAME=b\n\ngarbage\n[group]\n=c\nexport NAME=d\nNAME=e\n"), "e");
}

TEST(OsRelease, TrimsSpacesAroundNamesAndValues) {
  EXPECT_EQ(name_in("\t NAME = Foo \t\n"), "Foo");
}

TEST(OsRelease, AcceptsCarriageReturnsAtLineEnds) {
  EXPECT_EQ(name_in("NAME=\"Foo\"\r\nID=x\r\n"), "Foo");
  EXPECT_EQ(parse_os_release("NAME=\"Foo\"\r\nID=x\r\n").id, "x");
}

TEST(OsRelease, UsesTheLastOfSeveralValues) {
  EXPECT_EQ(name_in("NAME=a\nNAME=b\n"), "b");
}

TEST(OsRelease, AnUnclosedQuoteEndsWithItsLine) {
  EXPECT_EQ(name_in("NAME=\"abc\nID=x\n"), "abc");
  EXPECT_EQ(name_in("NAME='abc\nID=x\n"), "abc");
  EXPECT_EQ(name_in("NAME=\"abc\\\nID=x\n"), "abc\\");
  EXPECT_EQ(parse_os_release("NAME=\"abc\nID=x\n").id, "x");
}

TEST(OsRelease, KeepsEqualsSignsInTheValue) {
  EXPECT_EQ(name_in("NAME=a=b=c"), "a=b=c");
}

class OsReleaseFile : public ::testing::Test {
 protected:
  bellhop::testing::TemporaryDirectory directory_;
  std::string path_ = directory_ / "os-release";
};

TEST_F(OsReleaseFile, IsReadFromTheNamedPath) {
  std::ofstream(path_) << "NAME=" << std::string(70'000, 'x') << "\nID=named\n";
  const OsInfo release = os_info(path_).value();
  EXPECT_EQ(release.id, "named");
  EXPECT_EQ(release.name->size(), 70'000U);
}

TEST_F(OsReleaseFile, SetsNothingIfItCannotBeRead) {
  EXPECT_FALSE(os_info(path_).value().name);
  EXPECT_FALSE(os_info("/proc").value().name);
  EXPECT_FALSE(os_info("").value().name);
}

TEST_F(OsReleaseFile, IsThatOfTheSystemByDefault) {
  const bool exists =
      std::filesystem::exists("/etc/os-release") || std::filesystem::exists("/usr/lib/os-release");
  EXPECT_EQ(os_info(std::nullopt).value().name.has_value(), exists);
}

}  // namespace
}  // namespace bellhop::platform
