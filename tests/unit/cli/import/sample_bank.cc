#include "tests/unit/cli/import/sample_bank.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace timebank::imports {
namespace {

using Cells = std::vector<std::string>;

std::string Csv(const std::vector<Cells>& rows, char delimiter = ',', const std::string& end = "\n") {
  std::string text;
  for (const Cells& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text.push_back(delimiter);
      if (row[i].find_first_of(std::string("\"\n\r") + delimiter) == std::string::npos) {
        text += row[i];
        continue;
      }
      text.push_back('"');
      for (char c : row[i]) text += c == '"' ? "\"\"" : std::string(1, c);
      text.push_back('"');
    }
    text += end;
  }
  return text;
}

// 1188 → 0.33; with a sign.
std::string Hours(int64_t seconds, char point = '.') {
  const int64_t size = std::abs(seconds);
  return absl::StrFormat("%s%d%c%02d", seconds < 0 ? "-" : "", size / 3600, point, size % 3600 / 36);
}

std::string Code(int code) { return absl::StrFormat("RUSH%04d", code); }

// 2018-01-08 → 08/01/2018.
std::string DayFirst(const std::string& day) {
  return absl::StrCat(day.substr(8, 2), "/", day.substr(5, 2), "/", day.substr(0, 4));
}

}  // namespace

SampleBank::SampleBank(uint32_t seed, int members, int exchanges) {
  static const Cells& first = *new Cells{"Zoë", "Núria", "Håkon", "Łukasz", "Siân", "Ana", "Ben"};
  static const Cells& last = *new Cells{"Muñoz", "O'Brien", "Smith-Jones", "Đặng", "Ibáñez", "Brown"};
  static const Cells& help = *new Cells{"Gardening",
                                        "Help with a form, two letters",
                                        "Fixed the \"famous\" gate",
                                        "Shopping\nand carrying",
                                        "Guitar; first steps",
                                        "  blanks  ",
                                        ""};
  std::mt19937 random(seed);
  const auto below = [&random](size_t limit) { return random() % limit; };
  names_.push_back("The bank");
  for (int i = 1; i <= members; ++i) {
    names_.push_back(absl::StrCat(first[below(first.size())], " ", last[below(last.size())]));
  }
  for (int code = 0; code <= members; ++code) balances_[code] = 0;
  for (int number = 1; number <= exchanges; ++number) {
    Exchange exchange;
    exchange.number = number;
    exchange.giver = static_cast<int>(below(static_cast<size_t>(members) + 1));
    exchange.receiver =
        (exchange.giver + 1 + static_cast<int>(below(static_cast<size_t>(members)))) % (members + 1);
    exchange.seconds =
        below(5) == 0 ? static_cast<int64_t>(1 + below(300)) * 36 : static_cast<int64_t>(1 + below(48)) * 900;
    exchange.day = absl::StrFormat("20%02d-%02d-%02d", 17 + below(6), 1 + below(12), 1 + below(28));
    exchange.clock = absl::StrFormat("%02d:%02d", 8 + below(12), below(60));
    exchange.text = help[below(help.size())];
    // Equal rows are as many exchanges.
    if (number > 1 && below(20) == 0) {
      exchange = exchanges_.back();
      exchange.number = number;
    }
    balances_[exchange.giver] += exchange.seconds;
    balances_[exchange.receiver] -= exchange.seconds;
    exchanges_.push_back(exchange);
  }
}

std::vector<Sample> SampleBank::Samples() const {
  return {Timebank(),      TimeOverflow(), TimeOverflowExport(), Ces(),           NewCes(),     Komunitin(),
          KomunitinFour(), Cyclos(),       MutualCredit(),       LocalExchange(), Spreadsheet()};
}

Sample SampleBank::Timebank() const {
  const auto holder = [](int code) {
    return code == 0 ? std::string("pots/community") : absl::StrCat("members/m", code);
  };
  std::vector<Cells> members = {{"timebank_members_1", "id", "display_name", "phones", "seconds"}};
  for (const auto& [code, seconds] : balances_) {
    if (code == 0) continue;
    members.push_back({"rushey", absl::StrCat("m", code), names_[static_cast<size_t>(code)],
                       "'+34 622743103; 622 743 104", absl::StrCat(seconds)});
  }
  std::vector<Cells> exchanges = {{"timebank_exchanges_1", "number", "kind", "occurred_on", "seconds",
                                   "credited", "debited", "givers", "receivers", "recorded_at", "note"}};
  for (const Exchange& e : exchanges_) {
    const std::string giver = absl::StrCat(holder(e.giver), " ", e.seconds);
    const std::string receiver = absl::StrCat(holder(e.receiver), " ", e.seconds);
    exchanges.push_back({"rushey", absl::StrCat(e.number), "EXCHANGE", e.day, absl::StrCat(e.seconds), giver,
                         receiver, giver, receiver, absl::StrCat(e.day, "T", e.clock, ":00Z"), e.text});
  }
  return {"timebank",
          {{"members.csv", Csv(members)},
           {"exchanges.csv", Csv(exchanges)},
           {"timebank.csv", Csv({{"timebank_export_1", "what", "value"},
                                 {"rushey", "balance pots/community", absl::StrCat(balances_.at(0))}})}}};
}

Sample SampleBank::TimeOverflow() const {
  std::vector<Cells> users;
  for (size_t code = 1; code < names_.size(); ++code) {
    users.push_back({absl::StrCat(code), "2016-01-04", names_[code], "", "", "1", "1950-01-01", "622743103",
                     "", absl::StrCat("member", code, "@example.org")});
  }
  std::vector<Cells> transfers;
  const auto party = [](int code) {
    return code == 0 ? Cells{"1", "organization"} : Cells{absl::StrCat(code), "member"};
  };
  for (const Exchange& e : exchanges_) {
    const Cells source = party(e.receiver);
    const Cells destination = party(e.giver);
    transfers.push_back({source[0], source[1], destination[0], destination[1], absl::StrCat(e.seconds),
                         absl::StrCat(e.day, " ", e.clock, ":00 UTC"), e.text, ""});
  }
  return {"timeoverflow", {{"users.csv", Csv(users)}, {"transfers.csv", Csv(transfers)}}};
}

Sample SampleBank::TimeOverflowExport() const {
  std::vector<Cells> members = {{"N", "Nombre", "Correo", "Teléfono", "Creado", "Balance"}};
  const auto clock = [](int64_t seconds) {
    return seconds % 60 != 0 ? Hours(seconds)
                             : absl::StrFormat("%s%d:%02d", seconds < 0 ? "-" : "", std::abs(seconds) / 3600,
                                               std::abs(seconds) % 3600 / 60);
  };
  for (const auto& [code, seconds] : balances_) {
    if (code == 0) continue;
    members.push_back({absl::StrCat(code), names_[static_cast<size_t>(code)], "", "600000001",
                       "2016-01-04 10:00:00 UTC", clock(seconds)});
  }
  std::vector<Cells> transfers = {{"Fecha", "Origen", "Destino", "Anuncio", "Cantidad"}};
  const auto party = [this](int code) {
    return code == 0 ? names_[0] : absl::StrCat(names_[static_cast<size_t>(code)], " (", code, ")");
  };
  for (const Exchange& e : exchanges_) {
    transfers.push_back({absl::StrCat(e.day, " ", e.clock, ":00 UTC"), party(e.receiver), party(e.giver),
                         e.text, clock(e.seconds)});
  }
  return {"timeoverflow-export", {{"members.csv", Csv(members)}, {"transfers.csv", Csv(transfers)}}};
}

Sample SampleBank::Ces() const {
  std::vector<Cells> users = {{"UID", "Password", "UserType", "Firstname", "Surname", "OrgName", "PhoneM",
                               "Email", "Created", "Closed"}};
  std::vector<Cells> balances = {{"UID", "Sales", "Income", "Purchases", "Expenditure", "Levy", "Balance"}};
  for (const auto& [code, seconds] : balances_) {
    users.push_back({Code(code), kSecret, code == 0 ? "adm" : "ind", names_[static_cast<size_t>(code)], "",
                     "", "", "", "2016/01/04", code % 5 == 4 ? "1" : "0"});
    balances.push_back({Code(code), "0", Hours(std::max<int64_t>(seconds, 0)), "0",
                        Hours(std::max<int64_t>(-seconds, 0)), "0.00", Hours(seconds)});
  }
  std::vector<Cells> trades = {{"ID", "Seller", "Buyer", "RemoteExchange", "RemoteBuyer", "RecordID",
                                "DateEntered", "EnteredBy", "Amount", "Levy", "LevyRate", "Description"}};
  for (const Exchange& e : exchanges_) {
    std::string day = e.day;
    day[4] = day[7] = '/';
    trades.push_back({absl::StrCat(e.number), Code(e.giver), Code(e.receiver), "", "", "", day, Code(e.giver),
                      Hours(e.seconds), "0.00", "0", e.text});
  }
  return {"ces",
          {{"trades.csv", Csv(trades, ',', "\r\n")},
           {"balances.csv", Csv(balances, ',', "\r\n")},
           {"users.csv", Csv(users, ',', "\r\n")}}};
}

Sample SampleBank::NewCes() const {
  std::vector<Cells> trades = {{"seller", "buyer", "entered_by", "seller_amount", "buyer_amount",
                                "buyer_levy", "description", "date_entered", "type"}};
  for (const Exchange& e : exchanges_) {
    trades.push_back({Code(e.giver), Code(e.receiver), Code(e.giver), Hours(e.seconds), Hours(e.seconds), "0",
                      e.text, absl::StrCat(e.day, " ", e.clock, ":00"), "sale"});
  }
  std::vector<Cells> balances = {{"uid", "balance"}};
  for (const auto& [code, seconds] : balances_) balances.push_back({Code(code), Hours(seconds)});
  return {"ces", {{"transactions.csv", Csv(trades)}, {"balances.csv", Csv(balances)}}};
}

Sample SampleBank::Komunitin() const {
  std::vector<Cells> transfers = {{"id", "created", "updated", "state", "amount", "description", "hash",
                                   "authorization", "payer.id", "payer.code", "payee.id", "payee.code",
                                   "user.id"}};
  for (const Exchange& e : exchanges_) {
    const std::string stamp = absl::StrCat(e.day, "T", e.clock, ":00.000Z");
    transfers.push_back({absl::StrCat("t-", e.number), stamp, stamp, "committed", Hours(e.seconds), e.text,
                         "", "", "", Code(e.receiver), "", Code(e.giver), "u-1"});
    if (e.number % 7 == 0) {
      transfers.push_back({absl::StrCat("p-", e.number), stamp, stamp, "pending", "9.00", "", "", "", "",
                           Code(e.receiver), "", Code(e.giver), "u-1"});
    }
  }
  std::vector<Cells> accounts = {{"id", "created", "code", "status", "balance", "creditLimit", "user.id"}};
  for (const auto& [code, seconds] : balances_) {
    accounts.push_back({absl::StrCat("a-", code), "2016-01-04T00:00:00.000Z", Code(code),
                        code % 5 == 4 ? "disabled" : "active", Hours(seconds), "20.00", "u-1"});
  }
  return {"komunitin", {{"transfers.csv", Csv(transfers)}, {"accounts.csv", Csv(accounts)}}};
}

Sample SampleBank::KomunitinFour() const {
  std::vector<Cells> transfers = {{"From", "To", "Description", "Amount"}};
  for (const Exchange& e : exchanges_) {
    transfers.push_back({Code(e.receiver), Code(e.giver), e.text, Hours(e.seconds)});
  }
  return {"komunitin", {{"four.csv", Csv(transfers)}}};
}

Sample SampleBank::Cyclos() const {
  Sample sample{"cyclos3", {}};
  std::vector<Cells> members = {{"balance", "Username", "PASSWORD", "Name", "email", "creationDate"}};
  const auto user = [](int code) { return absl::StrCat("member", code); };
  for (const auto& [code, seconds] : balances_) {
    members.push_back(
        {Hours(seconds) + "0000", user(code), kSecret, names_[static_cast<size_t>(code)], "", "04/01/2016"});
    std::vector<Cells> view = {{"Date", "Transaction type", "Amount", "From / to", "From / to - Full name",
                                "Description", "Transaction number"}};
    for (const Exchange& e : exchanges_) {
      if (e.giver != code && e.receiver != code) continue;
      const int other = e.giver == code ? e.receiver : e.giver;
      view.push_back({DayFirst(e.day), "Trade transfer",
                      Hours(e.giver == code ? e.seconds : -e.seconds) + "0000", user(other),
                      names_[static_cast<size_t>(other)], e.text, absl::StrCat("TX", e.number)});
    }
    sample.files.push_back({absl::StrCat("transactions-", user(code), ".csv"), Csv(view)});
  }
  sample.files.push_back({"members.csv", Csv(members, '\t')});
  return sample;
}

Sample SampleBank::MutualCredit() const {
  std::vector<Cells> rows = {{"payer", "payee", "quantity", "created", "state", "type", "description"}};
  for (const Exchange& e : exchanges_) {
    rows.push_back({absl::StrCat(e.receiver), absl::StrCat(e.giver), Hours(e.seconds),
                    absl::StrCat(e.day, " ", e.clock), "finished", "1stparty", e.text});
  }
  std::vector<Cells> balances = {{"user", "balance", "gross_income"}};
  for (const auto& [code, seconds] : balances_) {
    balances.push_back({absl::StrCat(code), Hours(seconds), "0"});
  }
  return {"mutual-credit", {{"transactions.csv", Csv(rows)}, {"balances.csv", Csv(balances)}}};
}

Sample SampleBank::LocalExchange() const {
  std::vector<Cells> rows = {{"trade_id", "trade_date", "status", "member_id_from", "member_id_to", "amount",
                              "category", "description", "type"}};
  for (const Exchange& e : exchanges_) {
    const bool reversed = e.number % 6 == 0;
    const auto row = [&](const std::string& id, const char* status, int64_t seconds, const char* type) {
      rows.push_back({id, absl::StrCat(e.day, " ", e.clock, ":00"), status, absl::StrCat("m", e.receiver),
                      absl::StrCat("m", e.giver), Hours(seconds), "Home", e.text, type});
    };
    row(absl::StrCat(e.number), "V", e.seconds, "T");
    if (!reversed) continue;
    row(absl::StrCat("r", e.number), "R", 3600, "T");
    row(absl::StrCat("b", e.number), "V", -3600, "R");
  }
  return {"local-exchange", {{"trades.csv", Csv(rows)}}};
}

Sample SampleBank::Spreadsheet() const {
  std::vector<Cells> rows = {{"Fecha", "Dado por", "Recibido por", "Horas", "Qué", "Categoría"}};
  const auto party = [this](int code) {
    return absl::StrCat(names_[static_cast<size_t>(code)], " (", code, ")");
  };
  for (const Exchange& e : exchanges_) {
    rows.push_back({DayFirst(e.day), party(e.giver), party(e.receiver),
                    e.seconds % 900 != 0
                        ? Hours(e.seconds, ',')
                        : absl::StrFormat("%dh%02d", e.seconds / 3600, e.seconds % 3600 / 60),
                    e.text, "Casa"});
  }
  std::vector<Cells> members = {{"Número", "Nombre", "Saldo"}};
  for (const auto& [code, seconds] : balances_) {
    members.push_back({absl::StrCat(code), names_[static_cast<size_t>(code)], Hours(seconds, ',')});
  }
  return {"spreadsheet",
          {{"hours.csv", "\xEF\xBB\xBF" + Csv(rows, ';', "\r\n")}, {"members.csv", Csv(members, ';')}}};
}

}  // namespace timebank::imports
