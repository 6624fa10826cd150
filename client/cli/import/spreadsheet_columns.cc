#include "client/cli/import/spreadsheet_columns.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/amounts.h"
#include "client/cli/import/csv_reader.h"
#include "client/cli/import/moments.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

namespace timebank::imports::spreadsheet {
namespace {

constexpr std::array<Column, 9> kHoursColumns = {
    {{"Given by",
      "giver gave gavehelp helper helpedby helpgivenby providedby provider whogave whohelped doneby donor "
      "dadopor dadapor da dio quienda quiendio quienhadado hadado dador dadora oferente ofrecidopor "
      "prestadopor ayudante ayudo ofrece quienofrece quienayuda quienayudo quienhaayudado donante proveedor "
      "proveedora "
      "donatper fetper quidona quihadonat hadonat vadonar quivadonar donant dona ofertper donador quifa "
      "quiofereix quiajuda quihaajudat quivaajudar ofereix proveidor proveidora "
      "donnepar quidonne quiadonne adonne donneur donneuse donnateur offertpar rendupar aidant aidante "
      "quiaide quiaaide quioffre offreur "
      "gegebenvon werhatgegeben geber geberin gibt gegeben helfer helferin hilfevon geleistetvon werhilft "
      "werhatgeholfen wergibt anbieter"},
     {"Received by",
      "receiver received receivedhelp helped whoreceived gotby donefor givento helpedwho recipient helpee "
      "whowashelped requester "
      "recibidopor recibidapor recibe recibio quienrecibe quienrecibio quienharecibido harecibido receptor "
      "receptora solicitante "
      "demandante quiensolicita ayudado ayudada "
      "rebutper rep quirep quiharebut harebut varebre quivarebre sollicitant demandant ajudat ajudada "
      "recupar quirecoit quiarecu arecu recoit receveur receveuse beneficiaire aidea demandeur demandeuse "
      "aidee "
      "erhaltenvon empfangenvon werhaterhalten empfanger empfangerin erhalten erhalt nehmer nehmerin "
      "hilfefur werbekommt wererhalt wemgeholfen wemwurdegeholfen"},
     {"Hours",
      "hrs timegiven hoursgiven duration "
      "horas duracion numerodehoras "
      "hores durada nombredhores "
      "heures duree nombredheures "
      "stunden dauer std anzahlstunden"},
     {"Minutes", "minute mins minutos minuts minuten"},
     {"Date",
      "dateofhelp dateofexchange exchangedate fecha fechadelintercambio fechaintercambio data "
      "datadelintercanvi datedelechange datum"},
     {"What",
      "note notes description activity task help comment comments details text remark remarks "
      "que descripcion nota notas actividad servicio tarea comentario comentarios concepto detalle motivo "
      "observacion observaciones "
      "descripcio activitat servei tasca comentari comentaris concepte motiu observacio observacions "
      "quoi activite tache commentaire commentaires objet remarque remarques motif observation observations "
      "was beschreibung notiz bemerkung bemerkungen tatigkeit leistung kommentar hilfe"},
     {"Category", "categoria categorie kategorie"},
     {"Recorded by",
      "enteredby writtenby recorder anotadopor registradopor apuntadopor anotatper registratper saisipar "
      "enregistrepar erfasstvon eingetragenvon"},
     // The second that may be a note: `Servicio` and `Observaciones`.
     {"More words"}}};

// Names that may be something else beside a column with a plain one: a clock, a number of things, a weekday.
constexpr std::string_view kWeakHours =
    "hour time amount quantity hora tiempo cantidad temps quantitat heure quantite stunde zeit menge";
constexpr std::string_view kWeakDay = "day when dia cuando tag wann jour quand le";

// Words of headings that tell hours or minutes, and those that may stand beside them: `Time (min)`, `Number
// of hours`, `Durée en heures`.
constexpr std::string_view kMinuteWords = "minute minutes mins min minutos minuto minuts minut minuten";
constexpr std::string_view kHourWords =
    "hours hour hrs hr h hh horas hora hores heures heure stunden stunde std";
constexpr std::string_view kFillWords =
    "a d de del des en in of the o n no nr num number numero nombre anzahl der den la las les "
    "amount quantity cantidad quantitat quantite menge "
    "time given exchanged tiempo temps zeit duration duracion durada duree dauer "
    "total totals totales totaux gesamt spent dedicadas dedicades passees";
// Beside hours, the form in which they are written.
constexpr std::string_view kFormWords = "mm ss m";

constexpr std::array<Column, 10> kMemberColumns = {
    {{"Number",
      "no nr n num id uid code memberno membernumber memberid member# numero codigo socio nsocio numsocio "
      "numerodesocio codi soci numsoci numerodesoci numerodemembre numeroadherent nummer mitgliedsnummer "
      "mitgliednr mitgliedsnr #"},
     {"First name", "firstname givenname forename prenom vorname"},
     {"Name",
      "fullname member person nombre nombrecompleto nombreyapellidos nom nomcomplet nomicognoms membre "
      "nometprenom vollername mitglied"},
     {"Surname", "lastname familyname apellido apellidos cognom cognoms nomdefamille nachname familienname"},
     {"Email", "mail emailaddress correo correoelectronico correu correuelectronic courriel"},
     {"Phone", "telephone tel mobile telefono telefon movil mobil telefonnummer handy portable"},
     {"Other phone", "phone2 telefono2 telefon2 otrotelefono altretelefon telephone2"},
     {"Joined",
      "joinedon since membersince created alta fechadealta fechaalta altade datadalta adhesion dateadhesion "
      "datedadhesion inscription entree dateentree datedentree entrada ingreso fechadeingreso eintritt "
      "eintrittsdatum beitritt mitgliedseit"},
     {"Left",
      "lefton closed closedon baja fechadebaja fechabaja baixa datadebaixa sortie depart datededepart "
      "austritt austrittsdatum"},
     {"Balance", "hoursbalance saldo saldoenhoras saldohoras solde kontostand stand guthaben"}}};

constexpr std::array<FileKind, 2> kKinds = {{{"hours", FileKind::Holds::kExchanges, kHoursColumns},
                                             {"members", FileKind::Holds::kMembers, kMemberColumns}}};
constexpr const FileKind& kHoursKind = kKinds[0];
constexpr const FileKind& kMembersKind = kKinds[1];

// Words of a heading that tells members' numbers, and those that may stand beside them: `N° d'adhérent`.
constexpr std::string_view kNumberWords = "n no nr num number numero nummer code codigo codi id";
constexpr std::string_view kMemberWords =
    "member members membership socio socia socios soci socia socis usuario usuaria usuari membre membres "
    "adherent adherente adherents mitglied mitglieds de del d du des of the der la le l";

// `A` is 0, `AA` is 26; -1 where it is no column's letter.
int CellOfLetter(std::string_view letters) {
  if (letters.empty() || letters.size() > 2) return -1;
  int cell = 0;
  for (char c : letters) {
    if (!absl::ascii_isalpha(static_cast<unsigned char>(c))) return -1;
    cell = cell * 26 + (absl::ascii_toupper(static_cast<unsigned char>(c)) - 'A' + 1);
  }
  return cell - 1;
}

bool HoldsHours(const Heading& heading) {
  return HasColumn(heading, kGiver) && HasColumn(heading, kReceiver) &&
         (HasColumn(heading, kHours) || HasColumn(heading, kMinutes));
}

bool HoldsMembers(const Heading& heading) {
  return (HasColumn(heading, kName) || HasColumn(heading, kFirstName) || HasColumn(heading, kSurname)) &&
         heading.Score() > 1;
}

// Whether a heading has words of `wanted`, and none but those, of `beside` or that say nothing.
bool TellsOf(std::string_view cell, std::string_view wanted, std::string_view beside) {
  bool told = false;
  for (const std::string& word : HeadingWords(cell)) {
    told = told || HasWord(wanted, word);
    if (!HasWord(wanted, word) && !HasWord(beside, word) && !HasWord(kFillWords, word)) return false;
  }
  return told;
}

// `N°`, `N° de membre`, `Socio nº`.
bool TellsNumber(std::string_view cell) {
  const std::vector<std::string> words = HeadingWords(cell);
  const auto is_number = [](const std::string& word) { return HasWord(kNumberWords, word); };
  return std::any_of(words.begin(), words.end(), is_number) &&
         std::all_of(words.begin(), words.end(), [&is_number](const std::string& word) {
           return is_number(word) || HasWord(kMemberWords, word);
         });
}

bool TellsMinutes(std::string_view cell) { return TellsOf(cell, kMinuteWords, ""); }

// `Hours (hh:mm)`, `Time (h:min)` and `Hours and minutes` are written with both.
bool TellsHours(std::string_view cell) {
  const std::vector<std::string> words = HeadingWords(cell);
  const bool has_hours = std::any_of(words.begin(), words.end(),
                                     [](const std::string& word) { return HasWord(kHourWords, word); });
  // `Hour` alone may be the clock's.
  return words.size() > 1 && has_hours &&
         TellsOf(cell, kHourWords,
                 absl::StrCat(Absl(kFormWords), " ", Absl(kMinuteWords), " and y i et und"));
}

// `Aidé` is who was helped, `Aide` the help: here an accent counts.
bool TellsHelped(std::string_view cell) {
  return HeadingKey(cell) == "aide" &&
         std::any_of(cell.begin(), cell.end(), [](unsigned char c) { return c >= 0x80; });
}

bool IsStrong(std::string_view cell, int column) {
  const std::string key = HeadingKey(cell);
  const Column& known = kHoursColumns[static_cast<size_t>(column)];
  return key == HeadingKey(known.name) || HasWord(known.other_names, key) ||
         (column == kMinutes && TellsMinutes(cell)) || (column == kHours && TellsHours(cell)) ||
         (column == kReceiver && TellsHelped(cell));
}

bool IsWeak(std::string_view cell, int column) {
  const std::string_view names = column == kHours ? kWeakHours : column == kDay ? kWeakDay : "";
  return HasWord(names, HeadingKey(cell));
}

// The cells that may be `column`: of those with a plain name, or, where there are none, of the others.
std::vector<int> CellsOf(const Heading& heading, int column) {
  for (const auto fits : {&IsStrong, &IsWeak}) {
    std::vector<int> cells;
    for (size_t cell = 0; cell < heading.cells.size(); ++cell) {
      if (fits(heading.cells[cell], column)) cells.push_back(static_cast<int>(cell));
    }
    if (!cells.empty()) return cells;
  }
  return {};
}

// What the options say of columns.
struct NamedColumn {
  int column;
  std::string_view option;
  const std::string* name;
};

std::array<NamedColumn, 7> Choices(const ReaderOptions& options) {
  return {{{kGiver, "--giver", &options.giver_column},
           {kReceiver, "--receiver", &options.receiver_column},
           {kHours, "--hours", &options.hours_column},
           {kMinutes, "--minutes", &options.minutes_column},
           {kDay, "--date", &options.day_column},
           {kNote, "--note", &options.note_column},
           {kCategory, "--category", &options.category_column}}};
}

std::vector<NamedColumn> NamedColumns(const ReaderOptions& options) {
  std::vector<NamedColumn> named;
  for (const NamedColumn& column : Choices(options)) {
    if (!column.name->empty()) named.push_back(column);
  }
  return named;
}

// The cells that a name in the options means: those of that heading, else that of the letter, of `width`.
std::vector<int> CellsNamed(const Heading& heading, const std::string& name, size_t width) {
  std::vector<int> cells;
  const std::string key = HeadingKey(name);
  for (size_t cell = 0; cell < heading.cells.size(); ++cell) {
    if (HeadingKey(heading.cells[cell]) == key) cells.push_back(static_cast<int>(cell));
  }
  const int lettered = CellOfLetter(name);
  if (cells.empty() && lettered >= 0 && static_cast<size_t>(lettered) < width) {
    cells.push_back(lettered);
  }
  return cells;
}

// Of the rows from `first` on, how many cells the longest has.
size_t Widest(const Glimpse& file, size_t first = 0) {
  size_t widest = 0;
  for (size_t row = first; row < file.rows.size(); ++row) {
    widest = std::max(widest, file.rows[row].fields.size());
  }
  return widest;
}

// Where the columns of hours are if row `row` is the heading: as the options name them, else as their
// headings are guessed. A named column that the row has not is missing.
Heading FitHours(const Glimpse& file, size_t row, const ReaderOptions& options) {
  Heading heading = FitHeading(file, row, kHoursKind);
  for (int column = 0; column < static_cast<int>(kHoursColumns.size()); ++column) {
    const std::vector<int> cells = CellsOf(heading, column == kMoreNote ? kNote : column);
    const size_t wanted = column == kMoreNote ? 1 : 0;
    heading.cell_of_column[static_cast<size_t>(column)] = cells.size() > wanted ? cells[wanted] : -1;
  }
  if (!options.note_column.empty()) heading.cell_of_column[kMoreNote] = -1;
  const int guessed_hours = heading.cell_of_column[kHours];
  const bool weak_hours =
      guessed_hours >= 0 && !IsStrong(heading.cells[static_cast<size_t>(guessed_hours)], kHours);
  for (const NamedColumn& named : NamedColumns(options)) {
    // The row itself may be shorter: a title, or a heading that leaves the last column out.
    const std::vector<int> cells = CellsNamed(heading, *named.name, Widest(file) - heading.rejected_cells);
    const int cell = cells.empty() ? -1 : cells.front();
    heading.width = std::max(heading.width, static_cast<size_t>(cell + 1));
    heading.cells.resize(heading.width);
    // What was named is nothing else.
    std::replace(heading.cell_of_column.begin(), heading.cell_of_column.end(), cell, -1);
    heading.cell_of_column[static_cast<size_t>(named.column)] = cell;
  }
  // Beside minutes it is the clock.
  if (weak_hours && options.hours_column.empty() && HasColumn(heading, kMinutes)) {
    heading.cell_of_column[kHours] = -1;
  }
  return heading;
}

bool HasAllNamed(const Heading& heading, const ReaderOptions& options) {
  const std::vector<NamedColumn> named = NamedColumns(options);
  return std::all_of(named.begin(), named.end(),
                     [&heading](const NamedColumn& one) { return HasColumn(heading, one.column); });
}

// Whether a row is hours already, and no heading above them: it tells a time or a day.
bool IsData(const Glimpse& file, const Heading& heading, const ReaderOptions& options) {
  const std::vector<std::string>& cells = file.rows[static_cast<size_t>(heading.row)].fields;
  const auto cell_of = [&](int column) {
    const int cell = heading.cell_of_column[static_cast<size_t>(column)];
    return cell >= 0 && static_cast<size_t>(cell) < cells.size() ? cells[static_cast<size_t>(cell)] : "";
  };
  int64_t seconds = 0;
  Moment moment;
  return ParseHoursGiven(cell_of(kHours), seconds).empty() ||
         ParseHoursGiven(cell_of(kMinutes), seconds, Unit::kMinute).empty() ||
         ParseMoment(cell_of(kDay), {.today = options.today}, moment) ||
         ParseMoment(cell_of(kDay), {.order = DayOrder::kMonthFirst, .today = options.today}, moment);
}

// Whether a row names its columns, as a title above them does not.
bool HasWordsForAll(const Heading& heading) {
  constexpr std::array<int, 5> kNeeded = {kGiver, kReceiver, kHours, kMinutes, kDay};
  return std::all_of(kNeeded.begin(), kNeeded.end(), [&heading](int column) {
    return !HasColumn(heading, column) ||
           !Trimmed(heading.cells[static_cast<size_t>(heading.cell_of_column[static_cast<size_t>(column)])])
                .empty();
  });
}

// Whether a row that is named by letters is a heading for sure: it has a word for a column, and other cells
// beside it. A title has neither.
bool HasKnownWords(const Heading& heading, const ReaderOptions& options) {
  const auto has_text = [](const std::string& cell) { return !Trimmed(cell).empty(); };
  if (std::count_if(heading.cells.begin(), heading.cells.end(), has_text) < 2) return false;
  const std::vector<NamedColumn> named = NamedColumns(options);
  return std::any_of(heading.cells.begin(), heading.cells.end(), [&named](const std::string& cell) {
    for (int column = 0; column < static_cast<int>(kHoursColumns.size()); ++column) {
      if (IsStrong(cell, column) || IsWeak(cell, column)) return true;
    }
    return std::any_of(named.begin(), named.end(), [&cell](const NamedColumn& one) {
      return !Trimmed(cell).empty() && HeadingKey(cell) == HeadingKey(*one.name);
    });
  });
}

// The first row that is a heading of hours. Letters fit any row: of those that they alone make one the first
// above the data that fills its columns, unless a row with words for columns follows.
std::optional<Heading> HoursHeading(const Glimpse& file, const ReaderOptions& options) {
  std::optional<Heading> best;
  for (size_t row = 0; row < std::min(file.rows.size(), kRowsToFindHeading); ++row) {
    Heading heading = FitHours(file, row, options);
    if (!HasAllNamed(heading, options) || !HoldsHours(heading)) continue;
    if (IsData(file, heading, options)) {
      if (best && HasWordsForAll(*best)) return best;
      // Columns by their letters, and at most titles above them.
      heading.row = static_cast<int>(row) - 1;
      heading.cells.clear();
      heading.width = Widest(file, row);
      return heading;
    }
    if (HasKnownWords(heading, options)) return heading;
    if (!best || (HasWordsForAll(heading) && !HasWordsForAll(*best))) best = std::move(heading);
  }
  return best;
}

// `Hours (D)`: a column for people, with the letter that names it.
std::string Lettered(const Heading& heading, int cell) {
  std::string letters;
  for (int rest = cell + 1; rest > 0; rest = (rest - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return absl::StrCat(Shortened(Trimmed(heading.cells[static_cast<size_t>(cell)])), " (", letters, ")");
}

// Beside a column whose name may be a clock's: one that is taken for nothing and has a word of hours in its
// name; -1: there is none.
int OtherHours(const Heading& heading, int taken) {
  if (IsStrong(heading.cells[static_cast<size_t>(taken)], kHours)) return -1;
  for (size_t cell = 0; cell < heading.cells.size(); ++cell) {
    const auto& used = heading.cell_of_column;
    if (std::find(used.begin(), used.end(), static_cast<int>(cell)) != used.end()) continue;
    for (const std::string& word : HeadingWords(heading.cells[cell])) {
      if (HasWord(kHourWords, word) || HasWord(kWeakHours, word)) return static_cast<int>(cell);
    }
  }
  return -1;
}

absl::Status MayMeanTheSame(const Glimpse& file, const Heading& heading, int one, int other,
                            std::string_view option) {
  return absl::InvalidArgumentError(cli::Fill(
      // Translators: $1 and $2 are columns, $3 an option.
      cli::T("Columns $1 and $2 of $0 may mean the same. Say which one to take, by its letter: $3 COLUMN."),
      file.path, Lettered(heading, one), Lettered(heading, other), option));
}

// Refuses a heading that may be read in more than one way.
absl::Status CheckIsPlain(const Glimpse& file, const Heading& heading, const ReaderOptions& options) {
  for (const NamedColumn& choice : Choices(options)) {
    const int taken = heading.cell_of_column[static_cast<size_t>(choice.column)];
    if (taken < 0 || heading.cells.empty()) continue;
    if (choice.column == kHours && !choice.name->empty() &&
        TellsMinutes(heading.cells[static_cast<size_t>(taken)])) {
      return absl::InvalidArgumentError(
          cli::Fill(cli::T("Column $1 of $0 is in minutes, as its heading says: name it with --minutes, not "
                           "with --hours."),
                    file.path, Lettered(heading, taken)));
    }
    std::vector<int> cells = choice.name->empty() ? CellsOf(heading, choice.column)
                                                  : CellsNamed(heading, *choice.name, heading.width);
    if (choice.name->empty() && choice.column == kHours) {
      // A clock's name, and beside it another one that speaks of hours in words that are not known.
      if (const int other = OtherHours(heading, taken); other >= 0) cells = {taken, other};
    }
    // Of two columns of words the second goes behind the first; a third is told.
    if (cells.size() < 2 || choice.column == kNote) continue;
    return MayMeanTheSame(file, heading, cells[0], cells[1], choice.option);
  }
  return absl::OkStatus();
}

// The cells that may be members' numbers: as the options name them, else all whose heading says so.
std::vector<int> NumberCells(const Heading& heading, const ReaderOptions& options) {
  if (!options.number_column.empty()) {
    std::vector<int> named = CellsNamed(heading, options.number_column, heading.width);
    if (!named.empty()) return named;
  }
  std::vector<int> cells;
  const Column& number = kMemberColumns[kNumber];
  for (size_t cell = 0; cell < heading.cells.size(); ++cell) {
    const std::string key = HeadingKey(heading.cells[cell]);
    const bool known = key == HeadingKey(number.name) || HasWord(number.other_names, key);
    if (known || TellsNumber(heading.cells[cell])) cells.push_back(static_cast<int>(cell));
  }
  return cells;
}

void TakeNumber(int cell, Heading& heading) {
  // What was named is nothing else.
  std::replace(heading.cell_of_column.begin(), heading.cell_of_column.end(), cell, -1);
  heading.cell_of_column[kNumber] = cell;
}

std::optional<Heading> MembersHeading(const Glimpse& file, const ReaderOptions& options) {
  for (size_t row = 0; row < std::min(file.rows.size(), kRowsToFindHeading); ++row) {
    Heading heading = FitHeading(file, row, kMembersKind);
    if (const std::vector<int> cells = NumberCells(heading, options); !cells.empty()) {
      TakeNumber(cells.front(), heading);
    }
    if (HoldsMembers(heading)) return heading;
  }
  return std::nullopt;
}

// `7` and `007` are, and an empty cell contradicts nothing.
bool AreOneNumber(std::string_view one, std::string_view other) {
  const auto plain = [](std::string_view number) {
    return IsDigits(number) ? number.substr(std::min(number.find_first_not_of('0'), number.size() - 1))
                            : number;
  };
  return one.empty() || other.empty() || plain(one) == plain(other);
}

// Of two columns that may be members' numbers the one that is: the other is empty, or says the same. Else
// which one is asked.
absl::Status SettleNumber(const Glimpse& file, const ReaderOptions& options, Heading& heading) {
  const std::vector<int> cells = NumberCells(heading, options);
  if (cells.size() < 2) return absl::OkStatus();
  const absl::StatusOr<std::unique_ptr<Source>> source = Source::Open(file, heading);
  if (!source.ok()) return source.status();
  std::vector<size_t> filled(cells.size());
  std::set<std::pair<int, int>> different;
  // Columns that have no number where another one has.
  std::set<std::pair<size_t, size_t>> lacking;
  CsvRow row;
  for (;;) {
    const absl::StatusOr<bool> more = (*source)->Next(row);
    if (!more.ok()) return more.status();
    if (!*more) break;
    const auto has_text = [](const std::string& cell) { return !Trimmed(cell).empty(); };
    // A title or a footer.
    if (!row.error.empty() || std::count_if(row.fields.begin(), row.fields.end(), has_text) < 2) continue;
    const auto text = [&row](int cell) { return Trimmed(row.fields[static_cast<size_t>(cell)]); };
    for (size_t i = 0; i < cells.size(); ++i) {
      filled[i] += !text(cells[i]).empty();
      for (size_t k = 0; k < cells.size(); ++k) {
        if (text(cells[i]).empty() && !text(cells[k]).empty()) lacking.emplace(i, k);
      }
      for (size_t k = 0; k < i; ++k) {
        if (!AreOneNumber(text(cells[k]), text(cells[i]))) different.emplace(cells[k], cells[i]);
      }
    }
  }
  // Of those that agree the one with a number for most.
  const auto most = static_cast<size_t>(std::max_element(filled.begin(), filled.end()) - filled.begin());
  TakeNumber(cells[most], heading);
  if (const auto lack = lacking.lower_bound({most, 0}); lack != lacking.end() && lack->first == most) {
    different.emplace(cells[most], cells[lack->second]);
  }
  if (different.empty()) return absl::OkStatus();
  const auto [one, other] = *different.begin();
  return MayMeanTheSame(file, heading, one, other, "--number");
}

std::optional<Heading> HeadingOf(const Glimpse& file, const ReaderOptions& options) {
  std::optional<Heading> heading = HoursHeading(file, options);
  return heading ? heading : MembersHeading(file, options);
}

std::string TellCells(const std::vector<std::string>& cells) {
  std::string told;
  for (const std::string& cell : cells) absl::StrAppend(&told, told.empty() ? "" : ", ", Shortened(cell));
  return told;
}

absl::Status NotRecognised(const Glimpse& file, const ReaderOptions& options) {
  std::string wanted;
  for (const NamedColumn& named : NamedColumns(options)) {
    absl::StrAppend(&wanted, wanted.empty() ? "" : ", ", *named.name);
  }
  if (const std::string lacks = TellLacking(file, options); !lacks.empty()) {
    return absl::InvalidArgumentError(lacks);
  }
  const std::string cells = file.rows.empty() ? "" : TellCells(file.rows.front().fields);
  return absl::InvalidArgumentError(
      wanted.empty()
          ? cli::Fill(cli::T("$0 is no spreadsheet of hours or members. Looked for: $1. Its columns: $2."),
                      file.path, LookedFor(), cells)
          : cli::Fill(
                cli::T(
                    "$0 is no spreadsheet of hours or members. Looked for: $1; named: $3. Its columns: $2."),
                file.path, LookedFor(), cells, wanted));
}

// Refuses what the columns of one file leave open, and settles which one has the members' numbers.
absl::Status Settle(const Glimpse& file, const ReaderOptions& options, Heading& heading) {
  if (heading.kind == &kMembersKind) return SettleNumber(file, options, heading);
  if (absl::Status plain = CheckIsPlain(file, heading, options); !plain.ok()) return plain;
  if (HasColumn(heading, kDay)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      cli::Fill(cli::T("Which column of $0 is the day of the help? Say it with --date COLUMN."), file.path));
}

}  // namespace

absl::StatusOr<std::vector<Heading>> FindColumns(const std::vector<Glimpse>& files,
                                                 const ReaderOptions& options) {
  std::vector<Heading> headings;
  bool has_named_number = options.number_column.empty();
  for (const Glimpse& file : files) {
    std::optional<Heading> heading = HeadingOf(file, options);
    if (!heading) return NotRecognised(file, options);
    has_named_number =
        has_named_number || (heading->kind == &kMembersKind &&
                             !CellsNamed(*heading, options.number_column, heading->width).empty());
    headings.push_back(*std::move(heading));
  }
  if (!has_named_number) {
    return absl::InvalidArgumentError(
        // Translators: $0 is a column, by its heading or letter.
        cli::Fill(cli::T("No list of members has a column $0 (--number)."), options.number_column));
  }
  for (size_t i = 0; i < files.size(); ++i) {
    if (absl::Status settled = Settle(files[i], options, headings[i]); !settled.ok()) return settled;
  }
  return headings;
}

int FitFile(const Glimpse& file, const ReaderOptions& options) {
  const std::optional<Heading> heading = HeadingOf(file, options);
  return heading ? heading->Score() : 0;
}

std::string LookedFor() {
  // Translators: headings of columns are as they may stand in a file.
  return cli::T(
      "hours (columns Given by, Received by, Hours or Minutes, and Date; or --giver, --receiver, --hours, "
      "--minutes, --date); members (Number, Name)");
}

std::string TellLacking(const Glimpse& file, const ReaderOptions& options) {
  std::optional<Heading> best;
  for (size_t row = 0; row < std::min(file.rows.size(), kRowsToFindHeading); ++row) {
    Heading heading = FitHours(file, row, options);
    if (HasAllNamed(heading, options) && (!best || heading.Score() > best->Score()))
      best = std::move(heading);
  }
  if (!best) return "";
  const bool has_time = HasColumn(*best, kHours) || HasColumn(*best, kMinutes);
  const int known =
      HasColumn(*best, kGiver) + HasColumn(*best, kReceiver) + has_time + HasColumn(*best, kDay);
  // One heading alone may stand in any file.
  if (known < 2) return "";
  std::string lacking;
  for (const NamedColumn& choice : Choices(options)) {
    const bool needed = choice.column != kNote && choice.column != kCategory && choice.column != kMinutes;
    if (!needed || HasColumn(*best, choice.column) || (choice.column == kHours && has_time)) continue;
    absl::StrAppend(&lacking, lacking.empty() ? "" : ", ", Absl(choice.option), " COLUMN");
    if (choice.column == kHours) absl::StrAppend(&lacking, " (--minutes COLUMN)");
  }
  if (lacking.empty()) return "";
  std::string told = cli::Fill(
      // Translators: $0 is a file, $1 options, $2 the file's columns.
      cli::T("$0 looks like a spreadsheet of hours, but its headings do not tell all columns. Say which ones "
             "they are, by heading or letter: $1. Its columns: $2."),
      file.path, lacking, TellCells(best->cells));
  if (!HasColumn(*best, kGiver) && !HasColumn(*best, kReceiver)) {
    absl::StrAppend(
        &told, " ",
        cli::T("Columns like From and To are not guessed: they may be the way of the help or of the hours. "
               "--giver names who gave help."));
  }
  return told;
}

bool HasColumn(const Heading& heading, int column) {
  return heading.cell_of_column[static_cast<size_t>(column)] >= 0;
}

}  // namespace timebank::imports::spreadsheet
