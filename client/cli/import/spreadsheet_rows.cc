#include "client/cli/import/spreadsheet_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "client/cli/import/amounts.h"
#include "client/cli/import/moments.h"
#include "client/cli/import/spreadsheet_columns.h"
#include "client/cli/import/spreadsheet_people.h"
#include "client/cli/import/text.h"

namespace timebank::imports::spreadsheet {
namespace {

// So many rows are told with their places.
constexpr size_t kTold = 10;

// What stands where a name should in a row that adds the others up, and what may stand beside it.
constexpr std::string_view kTotalWords =
    "total totals totales totaux totale sum sums suma sumas sumatorio somme sommes summe summen gesamt "
    "gesamtsumme insgesamt subtotal subtotals subtotales zwischensumme";
constexpr std::string_view kBesideTotalWords =
    "grand gran general generale sous sub de del d des of the horas hores heures hours stunden saldo "
    "members socios socias socis socies miembros membres adherents mitglieder";
// Words of the titles between rows, and those that may stand beside them: `Former members:`, `Socios activos
// (2024)`.
constexpr std::string_view kTitleWords =
    "members membership organisations organizations active inactive former list "
    "socios socias miembros usuarios usuarias asociados asociadas entidades activos activas inactivos "
    "inactivas antiguos antiguas altas bajas lista listado "
    "socis socies usuaris usuaries associats associades entitats actius inactius antics antigues altes "
    "baixes "
    "llista llistat "
    "membres adherents adherentes utilisateurs associations actifs inactifs actives inactives anciens "
    "anciennes liste "
    "mitglieder teilnehmer vereine aktive inaktive ehemalige";
constexpr std::string_view kBesideTitleWords =
    "current past new old left of the and actuales nuevos nuevas de del los las y actuals nous noves dels "
    "les "
    "i actuels nouveaux nouvelles des du la le et und der die";
// Words that tell when the list was made, where a day stands beside them: `Exported on 2024-05-03`.
constexpr std::string_view kMadeWords =
    "exported printed updated generated export exportado impreso actualizado generado exportacion impresion "
    "actualizacion exportat impres actualitzat generat exportacio impressio actualitzacio exporte imprime "
    "exportation impression exportiert gedruckt aktualisiert";
constexpr std::string_view kPageWords = "page pagina seite pag";
// Words of a part of the year, those that may stand for one where the year does, too, and those that may
// stand beside them: `Primer trimestre`, `Semana 14`, `Summer 2024`, `Exchanges in May`.
constexpr std::string_view kSpanWords =
    "trimestre trimestres trimester quarter quartal cuatrimestre quadrimestre semestre semester halbjahr "
    "week semana setmana semaine woche kw year ano any annee jahr curso curs ejercicio exercici exercice "
    "temporada saison";
constexpr std::string_view kSeasonWords =
    "spring summer autumn winter primavera verano otono invierno estiu tardor hivern printemps ete automne "
    "hiver fruhling sommer herbst q1 q2 q3 q4 t1 t2 t3 t4 1t 2t 3t 4t s1 s2";
constexpr std::string_view kBesideSpanWords =
    "first second third fourth primer primero primera segundo segunda segon segona tercer tercero tercera "
    "cuarto cuarta quart quarta premier premiere deuxieme troisieme quatrieme erstes zweites drittes viertes "
    "1st 2nd 3rd 4th 1er 1r 1o 1a 2o 2a 2n 2e 3o 3a 3r 3er 3e 4o 4a 4t 4e i ii iii iv er o "
    "a al and au bis d de del des du e el en et fins for from hasta im in la le les of the to und vom y "
    "month mes mois monat hours horas hores heures stunden exchanges intercambios intercanvis echanges";

// `TOTAL`, `Suma de horas`.
bool TellsTotal(std::string_view cell) {
  // Most cells are names, and every row is asked: each of the words has one of these in it.
  const std::string lower = absl::AsciiStrToLower(Absl(cell));
  const auto has = [&lower](const char* part) { return lower.find(part) != std::string::npos; };
  if (!has("tot") && !has("sum") && !has("som") && !has("samt")) return false;
  bool told = false;
  for (const std::string& word : HeadingWords(cell)) {
    const bool total = HasWord(kTotalWords, word);
    told = told || total;
    if (!total && !HasWord(kBesideTotalWords, word) && !IsDigits(word)) return false;
  }
  return told;
}

using Words = std::vector<std::string>;

bool HasAny(const Words& words, std::string_view known) {
  return std::any_of(words.begin(), words.end(),
                     [known](const std::string& word) { return HasWord(known, word); });
}

// `Active members`, `Page 1 of 2`.
bool TellsTitle(const Words& words) {
  if (words.empty()) return false;
  if (HasWord(kPageWords, words.front()) && std::any_of(words.begin(), words.end(), IsDigits)) return true;
  return HasAny(words, kTitleWords) && std::all_of(words.begin(), words.end(), [](const std::string& word) {
           return HasWord(kTitleWords, word) || HasWord(kBesideTitleWords, word) || IsDigits(word);
         });
}

// What a cell tells of a part of the year.
enum class Period {
  kNone,
  // A month, a season or a year alone: people may be called `Abril`, and have the number 2023.
  kBare,
  // `Abril 2024`, `Primer trimestre`.
  kPlain
};

bool IsYear(std::string_view word) {
  return word.size() == 4 && IsDigits(word) && (word.starts_with("19") || word.starts_with("20"));
}

// `abr-24`, as spreadsheet programs write a month; the day would stand in front (`24-abr`).
bool IsShortMonth(std::string_view cell, const Words& words) {
  return words.size() == 2 && IsMonth(words[0]) && words[1].size() == 2 && IsDigits(words[1]) &&
         FoldedName(cell).find_first_of("-'") != std::string::npos;
}

Period PeriodOf(std::string_view cell, const Words& words) {
  if (IsShortMonth(cell, words)) return Period::kPlain;
  size_t spans = 0;
  size_t months = 0;
  size_t years = 0;
  size_t numbers = 0;
  for (const std::string& word : words) {
    if (HasWord(kSpanWords, word)) {
      ++spans;
    } else if (IsMonth(word) || HasWord(kSeasonWords, word)) {
      ++months;
    } else if (IsYear(word)) {
      ++years;
    } else if (IsDigits(word) && word.size() <= 2) {
      ++numbers;
    } else if (!HasWord(kBesideSpanWords, word)) {
      return Period::kNone;
    }
  }
  if (spans > 0 && words.size() > 1) return Period::kPlain;
  // `1 abril` is a day that lacks its year.
  if (numbers > 0) return Period::kNone;
  if (months > 0 && years > 0) return Period::kPlain;
  return months > 0 || years > 0 ? Period::kBare : Period::kNone;
}

// `45`: too short for a telephone number.
bool IsCount(std::string_view cell) { return IsDigits(cell) && cell.size() < 5; }

// Whether the cells name nobody, but for a word such as `Total`.
bool NameNobody(const Line& line, std::initializer_list<int> columns) {
  return std::all_of(columns.begin(), columns.end(), [&line](int column) {
    return Trimmed(line.Raw(column)).empty() || TellsTotal(line.Raw(column));
  });
}

bool HasTotal(const Line& line) {
  const std::vector<std::string>& cells = line.row().fields;
  return std::any_of(cells.begin(), cells.end(), TellsTotal);
}

// Digits alone are a telephone number, and no seconds since 1970.
bool IsDay(std::string_view cell, absl::CivilDay today) {
  Moment moment;
  return !IsDigits(Trimmed(cell)) && ParseMoment(cell, {.today = today}, moment);
}

// `Exported on 2024-05-03`.
bool EndsInDay(std::string_view cell, absl::CivilDay today) {
  for (size_t blank = cell.find(' '); blank != std::string_view::npos; blank = cell.find(' ', blank + 1)) {
    if (IsDay(cell.substr(blank + 1), today)) return true;
  }
  return false;
}

// A day that stands in none of the columns in which the table's rows have theirs.
bool HasDayBeside(const Line& line, std::initializer_list<int> columns, absl::CivilDay today) {
  const std::vector<std::string>& cells = line.row().fields;
  const std::vector<int>& known = line.source().heading().cell_of_column;
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    const bool is_rows = std::any_of(columns.begin(), columns.end(), [&](int column) {
      return static_cast<int>(cell) == known[static_cast<size_t>(column)];
    });
    if (!is_rows && (IsDay(cells[cell], today) || EndsInDay(cells[cell], today))) return true;
  }
  return false;
}

// Whether a row has nothing but what `tells` says, and counts and days beside it; in `own`, the columns in
// which every row of the table has something, nothing else at all.
template <typename Tells>
bool SaysOnly(const Line& line, const Tells& tells, std::initializer_list<int> own, absl::CivilDay today) {
  const auto is_free = [&](const std::string& cell) { return Trimmed(cell).empty() || tells(cell); };
  const std::vector<std::string>& cells = line.row().fields;
  return std::all_of(own.begin(), own.end(), [&](int column) { return is_free(line.Raw(column)); }) &&
         std::any_of(cells.begin(), cells.end(), tells) &&
         std::all_of(cells.begin(), cells.end(), [&](const std::string& cell) {
           return is_free(cell) || IsCount(Trimmed(cell)) || IsDay(cell, today);
         });
}

// Whether a row is a title or a footer, by its words. `least` is what a part of the year must be to be one,
// `days` and `own` are the columns in which the table's rows have a day, and something in every row.
bool IsTitle(const Line& line, Period least, std::initializer_list<int> days, std::initializer_list<int> own,
             absl::CivilDay today) {
  const bool has_day = HasDayBeside(line, days, today);
  const auto tells = [&](const std::string& cell) {
    const Words words = HeadingWords(cell);
    // `Exported on 2024-05-03`, where a day stands beside it: people may be called so, too.
    return TellsTitle(words) || PeriodOf(cell, words) >= least ||
           (HasAny(words, kMadeWords) && (has_day || EndsInDay(cell, today)));
  };
  return SaysOnly(line, tells, own, today);
}

// A printed list has its heading on every page, perhaps in other capitals, or without one of its cells.
bool IsHeadingAgain(const Line& line) {
  const std::vector<std::string>& heading = line.source().heading().cells;
  const std::vector<std::string>& cells = line.row().fields;
  size_t same = 0;
  for (size_t cell = 0; cell < std::min(heading.size(), cells.size()); ++cell) {
    if (Trimmed(cells[cell]).empty()) continue;
    if (cells[cell] != heading[cell] && HeadingKey(cells[cell]) != HeadingKey(heading[cell])) return false;
    ++same;
  }
  return same > 1;
}

bool IsEmpty(const Line& line, int column) { return Trimmed(line.Raw(column)).empty(); }

// Whether a row has at most one thing of all that an exchange needs.
bool LacksMost(const Line& line) {
  return !IsEmpty(line, kGiver) + !IsEmpty(line, kReceiver) + !IsEmpty(line, kDay) + !IsEmpty(line, kHours) +
             !IsEmpty(line, kMinutes) <=
         1;
}

// Whether a cell that may be a title is what an exchange has in that column: somebody, or a time.
bool IsOfExchange(const Line& line, const People& people) {
  const auto is_time = [&line](int column) {
    int64_t seconds = 0;
    return ParseSignedHours(line.Raw(column), seconds).empty();
  };
  const auto is_somebody = [&](int column) { return people.MayName(line.Raw(column)); };
  return is_time(kHours) || is_time(kMinutes) || is_somebody(kGiver) || is_somebody(kReceiver) ||
         is_somebody(kRecorder);
}

}  // namespace

RowIs RowOfHours(const Line& line, absl::CivilDay today, const People& people) {
  if (IsHeadingAgain(line)) return RowIs::kTitle;
  if (NameNobody(line, {kGiver, kReceiver}) && HasTotal(line)) return RowIs::kTotal;
  const bool title =
      LacksMost(line) &&
      IsTitle(line, Period::kBare, {kDay}, {kGiver, kReceiver, kHours, kMinutes, kDay}, today) &&
      !IsOfExchange(line, people);
  return title ? RowIs::kTitle : RowIs::kOfTable;
}

RowIs RowOfMembers(const Line& line, absl::CivilDay today) {
  if (IsHeadingAgain(line)) return RowIs::kTitle;
  // A number that stands where members have theirs is somebody's.
  if (IsTitle(line, Period::kPlain, {kJoined, kLeft}, {kNumber}, today)) return RowIs::kTitle;
  const bool nobody = NameNobody(line, {kNumber, kEmail, kPhone, kOtherPhone, kFirstName, kName, kSurname});
  return (nobody && HasTotal(line)) || SaysOnly(line, TellsTotal, {kNumber}, today) ? RowIs::kTotal
                                                                                    : RowIs::kOfTable;
}

std::string TextOf(const Line& line) {
  std::string text;
  for (const std::string& cell : line.row().fields) absl::StrAppend(&text, cell, " ");
  return Shortened(AsRead(text));
}

void LeftOutRows::Add(const Place& place, const std::string& text) {
  if (++count_ > kTold) return;
  absl::StrAppend(&places_, places_.empty() ? "" : ", ", place.file, " line ", place.line);
  if (!text.empty()) absl::StrAppend(&places_, " \"", text, "\"");
}

void LeftOutRows::Tell(std::string_view one, std::string_view many, std::vector<std::string>& told) const {
  if (count_ == 0) return;
  const std::string more = count_ > kTold ? absl::StrCat(" and ", count_ - kTold, " more") : "";
  told.push_back(absl::StrCat(Absl(count_ == 1 ? one : many), " (", places_, more, ")"));
}

}  // namespace timebank::imports::spreadsheet
