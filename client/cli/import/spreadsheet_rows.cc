#include "client/cli/import/spreadsheet_rows.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "client/cli/import/moments.h"
#include "client/cli/import/spreadsheet_columns.h"
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
// Words of the titles between the rows of a list of members, and those that may stand beside them: `Former
// members:`, `Socios activos (2024)`.
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

// `Exported on 2024-05-03`, where a day stands beside it: people may be called so, too.
bool TellsMade(std::string_view cell) {
  const std::vector<std::string> words = HeadingWords(cell);
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return HasWord(kMadeWords, word); });
}

// `Active members`, `Page 1 of 2`.
bool TellsTitle(std::string_view cell) {
  const std::vector<std::string> words = HeadingWords(cell);
  if (words.empty()) return false;
  const auto any = [&words](std::string_view known) {
    return std::any_of(words.begin(), words.end(),
                       [known](const std::string& word) { return HasWord(known, word); });
  };
  const bool has_digits =
      std::any_of(words.begin(), words.end(), [](const auto& word) { return IsDigits(word); });
  if (HasWord(kPageWords, words.front()) && has_digits) return true;
  return any(kTitleWords) && std::all_of(words.begin(), words.end(), [](const std::string& word) {
           return HasWord(kTitleWords, word) || HasWord(kBesideTitleWords, word) || IsDigits(word);
         });
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

// A day that is not when a member joined or left.
bool HasDayBeside(const Line& line, absl::CivilDay today) {
  const std::vector<std::string>& cells = line.row().fields;
  const std::vector<int>& known = line.source().heading().cell_of_column;
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    const bool is_members =
        static_cast<int>(cell) == known[kJoined] || static_cast<int>(cell) == known[kLeft];
    if (!is_members && (IsDay(cells[cell], today) || EndsInDay(cells[cell], today))) return true;
  }
  return false;
}

// A printed list has its heading on every page.
bool IsHeadingAgain(const Line& line) {
  const std::vector<std::string>& heading = line.source().heading().cells;
  const std::vector<std::string>& cells = line.row().fields;
  return !heading.empty() && std::equal(heading.begin(), heading.end(), cells.begin(),
                                        cells.begin() + std::min(heading.size(), cells.size()));
}

}  // namespace

RowIs RowOfHours(const Line& line) {
  if (IsHeadingAgain(line)) return RowIs::kTitle;
  return NameNobody(line, {kGiver, kReceiver}) && HasTotal(line) ? RowIs::kTotal : RowIs::kOfTable;
}

RowIs RowOfMembers(const Line& line, absl::CivilDay today) {
  if (IsHeadingAgain(line)) return RowIs::kTitle;
  const auto tells_nobody = [&](const auto& tells) {
    const std::vector<std::string>& cells = line.row().fields;
    // A number that stands where members have theirs is somebody's.
    return (Trimmed(line.Raw(kNumber)).empty() || tells(line.Raw(kNumber))) &&
           std::any_of(cells.begin(), cells.end(), tells) &&
           std::all_of(cells.begin(), cells.end(), [&](const std::string& cell) {
             return Trimmed(cell).empty() || tells(cell) || IsCount(Trimmed(cell)) || IsDay(cell, today);
           });
  };
  const bool has_day = HasDayBeside(line, today);
  const auto tells_title = [&](const std::string& cell) {
    return TellsTitle(cell) || (TellsMade(cell) && (has_day || EndsInDay(cell, today)));
  };
  if (tells_nobody(tells_title)) return RowIs::kTitle;
  const bool nobody = NameNobody(line, {kNumber, kEmail, kPhone, kOtherPhone, kFirstName, kName, kSurname});
  return (nobody && HasTotal(line)) || tells_nobody(TellsTotal) ? RowIs::kTotal : RowIs::kOfTable;
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
