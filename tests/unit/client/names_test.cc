#include "client/cpp/names.h"

#include <gtest/gtest.h>

namespace timebank::client {
namespace {

// Goal: the short form, the half form and the whole name all give the whole name.
TEST(NamesTest, ShortAndWholeNamesMeanTheSame) {
  EXPECT_EQ(TimebankName("rushey"), "timebanks/rushey");
  EXPECT_EQ(TimebankName("timebanks/rushey"), "timebanks/rushey");
  for (const char* bank : {"rushey", "timebanks/rushey"}) {
    EXPECT_EQ(HolderName(bank, "ana"), "timebanks/rushey/members/ana");
    EXPECT_EQ(HolderName(bank, "members/ana"), "timebanks/rushey/members/ana");
    EXPECT_EQ(HolderName(bank, "timebanks/rushey/members/ana"), "timebanks/rushey/members/ana");
    EXPECT_EQ(HolderName(bank, "pots/community"), "timebanks/rushey/pots/community");
    EXPECT_EQ(ExchangeName(bank, "1042"), "timebanks/rushey/exchanges/1042");
    EXPECT_EQ(ExchangeName(bank, "exchanges/1042"), "timebanks/rushey/exchanges/1042");
  }
}

// Goal: nothing is made up where nothing was given, so that the server can say REQUIRED.
TEST(NamesTest, EmptyStaysEmpty) {
  EXPECT_EQ(TimebankName(""), "");
  EXPECT_EQ(HolderName("rushey", ""), "");
  EXPECT_EQ(ExchangeName("rushey", ""), "");
}

// Goal: names are taken apart again, and what is no name of a bank has no bank.
TEST(NamesTest, PartsOfANameAreFound) {
  EXPECT_EQ(BankOf("timebanks/rushey/members/ana"), "timebanks/rushey");
  EXPECT_EQ(BankOf("timebanks/rushey"), "timebanks/rushey");
  EXPECT_EQ(BankOf("members/ana"), "");
  EXPECT_EQ(IdOf("timebanks/rushey/members/ana"), "ana");
  EXPECT_EQ(IdOf("ana"), "ana");
  EXPECT_EQ(SequenceOf("timebanks/rushey/exchanges/1042"), 1042);
  EXPECT_EQ(SequenceOf("1042"), 1042);
  for (const char* other : {"", "ana", "10a", "-1", "99999999999999999999"}) EXPECT_EQ(SequenceOf(other), 0);
}

// Goal: an id is told from what only looks like one, as the server does it.
TEST(NamesTest, WhatAnIdIs) {
  for (const char* id : {"a", "7", "ana-maria", "to-12", "x.y_z"}) EXPECT_TRUE(IsId(id)) << id;
  EXPECT_TRUE(IsId(std::string(63, 'a')));
  EXPECT_FALSE(IsId(std::string(64, 'a')));
  for (const char* id : {"", "Ana", "ana ", "-a", "a.", "mu\xC3\xB1oz", "a/b"}) EXPECT_FALSE(IsId(id)) << id;
}

}  // namespace
}  // namespace timebank::client
