#include "client/cli/translate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/day.h"
#include "client/cli/hours.h"
#include "client/cli/sentence.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

// A Thursday.
constexpr absl::CivilDay kToday(2023, 11, 16);

std::string Chosen(const std::string& option, const std::string& context,
                   const std::map<std::string, std::string>& variables) {
  return ChooseLanguage(option, context, [&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

// Goal: what was said nearest decides; what is no language that there is means English.
TEST(TranslateTest, ChoosesTheLanguage) {
  const std::map<std::string, std::string> all = {
      {"TIMEBANK_LANGUAGE", "ca"}, {"LC_ALL", "fr_FR.UTF-8"}, {"LANG", "es_ES.UTF-8"}};
  EXPECT_EQ(Chosen("es", "fr", all), "es");
  EXPECT_EQ(Chosen("", "fr", all), "ca");
  EXPECT_EQ(Chosen("", "fr", {{"LC_ALL", "es_ES.UTF-8"}}), "fr");
  EXPECT_EQ(Chosen("", "", {{"LC_ALL", "fr_FR.UTF-8"}, {"LANG", "es_ES"}}), "fr");
  EXPECT_EQ(Chosen("", "", {{"LC_MESSAGES", "ca"}, {"LANG", "es_ES"}}), "ca");
  EXPECT_EQ(Chosen("", "", {{"LANG", "es_ES.UTF-8"}}), "es");
  EXPECT_EQ(Chosen("", "", {{"LC_ALL", "C"}, {"LANG", "es_ES"}}), "en") << "C says English";
  for (const char* none : {"", "C.UTF-8", "POSIX", "xx", "est", "fro_FR", "en_GB.UTF-8"})
    EXPECT_EQ(Chosen("", "", {{"LANG", none}}), "en") << none;
  EXPECT_EQ(OptionGiven({"record", "--language", "es"}, "--language"), "es");
  EXPECT_EQ(OptionGiven({"--language=es", "balance"}, "--language"), "es");
  for (const std::vector<std::string>& none : std::vector<std::vector<std::string>>{
           {}, {"--language"}, {"--", "--language", "es"}, {"--languages", "es"}})
    EXPECT_EQ(OptionGiven(none, "--language"), "");
}

// Goal: a sentence is found, one that nobody has translated stays English, and the language before comes
// back.
TEST(TranslateTest, LooksSentencesUp) {
  EXPECT_STREQ(T("even"), "even");
  {
    const InLanguage spanish("es");
    EXPECT_EQ(LanguageInUse(), "es");
    EXPECT_STREQ(T("even"), "a cero");
    EXPECT_STREQ(T("Never said by this program."), "Never said by this program.");
    EXPECT_STREQ(T(""), "") << "not the catalogue's heading";
    {
      const InLanguage none("xx");
      EXPECT_EQ(LanguageInUse(), "en");
    }
    EXPECT_EQ(LanguageInUse(), "es");
  }
  EXPECT_EQ(LanguageInUse(), "en");
  EXPECT_EQ(Languages(), (std::vector<std::string>{"en", "ca", "es", "fr"}));
}

// Goal: each language counts as it does: nothing is many in English and Spanish, and one in French.
TEST(TranslateTest, CountsAsTheLanguageDoes) {
  const auto slips = [](int64_t count) {
    return Fill(Tn("$0 slip, $1", "$0 slips, $1", count), count, "1h");
  };
  EXPECT_EQ(slips(0) + slips(1) + slips(2), "0 slips, 1h1 slip, 1h2 slips, 1h");
  const InLanguage spanish("es");
  EXPECT_EQ(slips(0) + slips(1) + slips(2), "0 fichas, 1h1 ficha, 1h2 fichas, 1h");
  const InLanguage french("fr");
  EXPECT_EQ(slips(0) + slips(1) + slips(2), "0 fiche, 1h1 fiche, 1h2 fiches, 1h");
}

// Goal: days in each language are read, English ones too; what could be two is none.
TEST(TranslateTest, ReadsDays) {
  struct Form {
    const char* language;
    const char* text;
    const char* iso;
  };
  const std::vector<Form> forms = {{"es", "hoy", "2023-11-16"},
                                   {"es", "Ayer", "2023-11-15"},
                                   {"es", "martes", "2023-11-14"},
                                   {"es", "mar", "2023-11-14"},
                                   {"es", "mié", "2023-11-15"},
                                   {"es", "sabado", "2023-11-11"},
                                   {"es", "13 nov", "2023-11-13"},
                                   {"es", "1 de agosto", "2023-08-01"},
                                   {"es", "3 ene 2022", "2022-01-03"},
                                   {"es", "yesterday", "2023-11-15"},
                                   {"es", "tue", "2023-11-14"},
                                   {"es", "13/11", "2023-11-13"},
                                   {"es", "3 de abril de 2022", "2022-04-03"},
                                   {"ca", "avui", "2023-11-16"},
                                   {"ca", "ahir", "2023-11-15"},
                                   {"ca", "dt", "2023-11-14"},
                                   {"ca", "dimarts", "2023-11-14"},
                                   {"ca", "dij", "2023-11-16"},
                                   {"ca", "3 d'abril", "2023-04-03"},
                                   {"ca", "3 d’abril", "2023-04-03"},
                                   {"ca", "4 març", "2023-03-04"},
                                   {"ca", "dim", "error"},
                                   {"fr", "hier", "2023-11-15"},
                                   {"fr", "aujourd'hui", "2023-11-16"},
                                   {"fr", "aujourd’hui", "2023-11-16"},
                                   {"fr", "mer", "2023-11-15"},
                                   {"fr", "dimanche", "2023-11-12"},
                                   {"fr", "1 août", "2023-08-01"},
                                   {"fr", "1 juil", "2023-07-01"},
                                   {"fr", "1 jui", "error"},
                                   {"fr", "1 fév 2022", "2022-02-01"},
                                   {"fr", "demain", "error"},
                                   {"fr", "martes", "error"},
                                   {"en", "ayer", "error"}};
  for (const Form& form : forms) {
    const InLanguage language(form.language);
    const auto day = ParseDay(form.text, kToday);
    EXPECT_EQ(day.ok() ? IsoDay(*day) : "error", form.iso) << form.language << ": " << form.text;
  }
}

// Goal: in a note only what is hardly anything else is a day: not `mar` (the sea), `mon` (my), `mañana`
// (morning).
TEST(TranslateTest, DaysAmongWords) {
  const auto looks = [](const char* language, const char* word) {
    const InLanguage in(language);
    return LooksLikeDay(word, kToday);
  };
  for (const char* word : {"ayer", "martes", "Sábado", "yesterday", "tuesday", "13/11"})
    EXPECT_TRUE(looks("es", word)) << word;
  for (const char* word : {"mar", "mañana", "sab", "sol", "tue", "1.5"})
    EXPECT_FALSE(looks("es", word)) << word;
  for (const char* word : {"mon", "mer", "ven", "demain", "tue"}) EXPECT_FALSE(looks("fr", word)) << word;
  for (const char* word : {"diu", "dia", "ds", "dema"}) EXPECT_FALSE(looks("ca", word)) << word;
}

// Goal: days are written as the language writes them, and what is written in a table can be typed.
TEST(TranslateTest, WritesDays) {
  const auto days = [](const char* language, absl::CivilDay day) {
    const InLanguage in(language);
    return FormatDay(day, kToday) + "|" + LongDay(day) + "|" + MiddlingDay(day);
  };
  EXPECT_EQ(days("es", absl::CivilDay(2023, 11, 14)), "mar 14 nov|14 de noviembre de 2023|14 nov 2023");
  EXPECT_EQ(days("ca", absl::CivilDay(2022, 4, 3)), "dg 3 abr 2022|3 d'abril de 2022|3 abr 2022");
  EXPECT_EQ(days("fr", absl::CivilDay(2022, 8, 1)), "lun 1 août 2022|1 août 2022|1 août 2022");
  for (const std::string& code : Languages()) {
    const InLanguage in(code);
    for (int back = 1; back < 366; ++back) {
      const std::string text = FormatDay(kToday - back, kToday);
      const size_t blank = text.find(' ');
      EXPECT_EQ(ParseDay(text.substr(blank + 1), kToday, Future::kAllowed).value_or(kToday), kToday - back)
          << text;
      if (back < 7) {
        EXPECT_EQ(ParseDay(text.substr(0, blank), kToday).value_or(kToday), kToday - back) << text;
      }
    }
  }
}

// Goal: hours with the language's own units are read, and those of every language stay.
TEST(TranslateTest, ReadsHours) {
  const auto seconds = [](const char* language, const char* text) {
    const InLanguage in(language);
    const auto hours = ParseHours(text);
    return hours.ok() ? hours->seconds : -1;
  };
  EXPECT_EQ(seconds("es", "1 hora 30 minutos"), 5400);
  EXPECT_EQ(seconds("es", "1,5 horas"), 5400);
  EXPECT_EQ(seconds("ca", "2 hores"), 7200);
  EXPECT_EQ(seconds("ca", "1h 15 minuts"), 4500);
  EXPECT_EQ(seconds("fr", "1 heure 30"), 5400);
  EXPECT_EQ(seconds("fr", "90 min"), 5400);
  EXPECT_EQ(seconds("fr", "1h30"), 5400);
  EXPECT_EQ(seconds("fr", "1 hour"), 3600);
  EXPECT_EQ(seconds("fr", "1 heurex"), -1);
  EXPECT_EQ(seconds("en", "2 hores"), -1);
}

// Goal: the sentence of the language's own example is one that it reads.
TEST(TranslateTest, ReadsItsOwnExamples) {
  for (const std::string& code : Languages()) {
    const InLanguage in(code);
    for (const auto& [verb, example] :
         std::vector<std::pair<Verb, std::string>>{{Verb::kHelped, T("timebank record ben helped ana 1h30")},
                                                   {Verb::kGave, T("timebank gift ben gave ana 1h30")}}) {
      std::vector<std::string> words;
      for (size_t at = 0; at < example.size();) {
        const size_t end = std::min(example.find(' ', at), example.size());
        words.push_back(example.substr(at, end - at));
        at = end + 1;
      }
      const auto sentence = ParseSentence({words.begin() + 2, words.end()}, verb);
      ASSERT_TRUE(sentence.ok()) << code << ": " << sentence.status();
      EXPECT_EQ(sentence->before.at(0).name + sentence->behind.at(0).name, "benana") << example;
      EXPECT_EQ(sentence->hours->seconds, 5400) << example;
    }
  }
}

// Goal: people read their language; spreadsheets and programs always the same.
TEST(TranslateTest, OnlyPeopleReadIt) {
  auto bank = std::make_shared<FakeBank>();
  bank->AddMember("ben", "Ben Ferré", 16200);
  bank->AddMember("ana", "Ana Muñoz", -3600);
  const Ran recorded = RunCli(bank, "record ben ayudó a ana 1h30 huerto --on ayer --language es");
  EXPECT_EQ(recorded.out,
            "1042  mié 15 nov  Ben Ferré ayudó a Ana Muñoz  1h30  huerto\n"
            "Ben 6h en positivo (antes 4h30) · Ana 2h30 en negativo (antes 1h)\n");
  EXPECT_EQ(recorded.code, ExitCode::kOk);
  const Ran french =
      RunCli(bank, "balance --all", {.terminal = true, .variables = {{"LANG", "fr_FR.UTF-8"}}});
  EXPECT_NE(french.out.find("2h30 en négatif"), std::string::npos) << french.out;
  for (const char* form : {"exchange list -o csv", "exchange list -o json", "balance --all -o csv"}) {
    const std::string english = RunCli(bank, form).out;
    for (const std::string& code : Languages())
      EXPECT_EQ(RunCli(bank, std::string(form) + " --language " + code).out, english) << form << ", " << code;
  }
  EXPECT_NE(RunCli(bank, "exchange list", {.terminal = true, .variables = {{"TIMEBANK_LANGUAGE", "ca"}}})
                .out.find("Ben Ferré va ajudar Ana Muñoz"),
            std::string::npos);
  EXPECT_EQ(
      RunCli(bank, "record ben ana 1h --language fr").err,
      "timebank: Il manque les mots « a aidé ». Écrivez-le ainsi : timebank record ben a aidé ana 1h30\n");
  EXPECT_EQ(LanguageInUse(), "en") << "for that run only";
}

// Goal: what is told of members, banks, events and grants is whole in the language; a spreadsheet of it is as
// ever.
TEST(TranslateTest, TellsWholeOutputs) {
  auto bank = std::make_shared<FakeBank>();
  bank->AddMember("ben", "Ben Ferré", 16200);
  v1::Member& ana = bank->AddMember("ana", "Ana Muñoz", -3600);
  ana.add_phones("622743103");
  ana.set_joined_on("2020-01-07");
  ana.set_note("llamar por la tarde");
  v1::GetBalanceResponse debit;
  debit.mutable_balance()->set_seconds(-3600);
  EXPECT_CALL(*bank, GetBalance).WillRepeatedly(::testing::Return(debit));
  EXPECT_EQ(RunCli(bank, "member show ana --language es").out,
            "2  Ana Muñoz  (persona, activa)\n"
            "  id ana\n"
            "  teléfono 622743103\n"
            "  alta 2020-01-07\n"
            "  nota llamar por la tarde\n"
            "  1h en negativo\n");

  bank->bank.set_trial(true);
  bank->bank.set_member_count(2);
  bank->bank.set_last_sequence(1);
  const std::string shown = RunCli(bank, "bank show --language es").out;
  EXPECT_EQ(shown.substr(0, shown.find("  time_zone=")),
            "rushey  Rushey Green  (un banco de prueba: nada de lo que hay aquí es real)\n"
            "  hoy 2023-11-16, 2 miembros, 1 apunte\n");

  v1::ListEventsResponse events;
  events.set_position("p8");
  v1::LedgerEvent& contest = *events.add_events();
  contest.set_sequence(7);
  contest.set_position("p7");
  contest.mutable_record_time()->set_seconds(1700000000);
  contest.mutable_contest()->set_actor("timebanks/rushey/members/ben");
  contest.mutable_contest()->set_acting_for("timebanks/rushey/members/ana");
  contest.mutable_contest()->mutable_exchange()->set_name("timebanks/rushey/exchanges/5");
  contest.mutable_contest()->mutable_exchange()->set_sequence(5);
  contest.mutable_contest()->set_reason("1h");
  v1::LedgerEvent& grant = *events.add_events();
  grant.set_sequence(8);
  grant.set_position("p8");
  grant.mutable_record_time()->set_seconds(1700000000);
  grant.mutable_acting_for()->set_actor("timebanks/rushey/keys/maria");
  grant.mutable_acting_for()->mutable_grant()->set_agent("timebanks/rushey/members/ben");
  grant.mutable_acting_for()->mutable_grant()->set_member("timebanks/rushey/members/ana");
  EXPECT_CALL(*bank, ListEvents).WillRepeatedly([&events](const v1::ListEventsRequest& request, auto&) {
    return request.after_position().empty() ? events : v1::ListEventsResponse();
  });
  EXPECT_EQ(
      RunCli(bank, "events --language es", {.terminal = true}).out,
      "Número  Anotado               Qué                Detalle"
      "                                                     Posición\n"
      "     7  2023-11-14T22:13:20Z  duda               Ben Ferré en nombre de Ana Muñoz puso en duda 5: 1h"
      "         p7\n"
      "     8  2023-11-14T22:13:20Z  en nombre de otro  keys/maria deja que Ben Ferré actúe en nombre de Ana "
      "Muñoz"
      "  p8\n");
  EXPECT_EQ(RunCli(bank, "events -o csv --language es").out,
            "sequence,time,what,detail,position\n"
            "7,2023-11-14T22:13:20Z,contest,Ben Ferré for Ana Muñoz contested 5: 1h,p7\n"
            "8,2023-11-14T22:13:20Z,acting for,keys/maria lets Ben Ferré act for Ana Muñoz,p8\n");

  EXPECT_CALL(*bank, GrantActingFor).WillRepeatedly([](const v1::GrantActingForRequest& request, auto&) {
    v1::GrantActingForResponse response;
    response.mutable_granted()->set_member(request.name());
    response.mutable_granted()->set_agent(request.agent());
    response.mutable_granted()->set_seconds_per_month(request.seconds_per_month());
    response.mutable_granted()->set_until(request.until());
    return response;
  });
  EXPECT_EQ(RunCli(bank, "acting-for grant ana --agent ben --hours 10h --until 31/12 --language es").out,
            "Ben Ferré puede actuar en nombre de Ana Muñoz: 10h al mes, hasta el dom 31 dic\n");
}

}  // namespace
}  // namespace timebank::cli
