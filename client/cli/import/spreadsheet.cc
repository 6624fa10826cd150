#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/party.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

// Headings are guessed, in English, Spanish, Catalan, French and German, or named in the options. `From` and
// `to` are not guessed: half of the world means the help by them, the other half the hours.
//
// Without numbers a name is its own number. Number 0 is the bank itself.

namespace timebank::imports {
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
enum HoursColumn { kGiver, kReceiver, kHours, kMinutes, kDay, kNote, kCategory, kRecorder, kMoreNote };

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
enum MemberColumn {
  kNumber,
  kFirstName,
  kName,
  kSurname,
  kEmail,
  kPhone,
  kOtherPhone,
  kJoined,
  kLeft,
  kBalance
};

constexpr std::array<FileKind, 2> kKinds = {{{"hours", FileKind::Holds::kExchanges, kHoursColumns},
                                             {"members", FileKind::Holds::kMembers, kMemberColumns}}};
constexpr const FileKind& kHoursKind = kKinds[0];
constexpr const FileKind& kMembersKind = kKinds[1];

// Words of a heading that tells members' numbers, and those that may stand beside them: `N° d'adhérent`.
constexpr std::string_view kNumberWords = "n no nr num number numero nummer code codigo codi id";
constexpr std::string_view kMemberWords =
    "member members membership socio socia socios soci socia socis usuario usuaria usuari membre membres "
    "adherent adherente adherents mitglied mitglieds de del d du des of the der la le l";
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

constexpr std::string_view kBankNumber = "0";
constexpr std::string_view kYes = "1 x y yes si oui ja true";
constexpr std::string_view kNo = "0 n no non nein false falso falsa faux falsch fals -";

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

bool HasColumn(const Heading& heading, int column) {
  return heading.cell_of_column[static_cast<size_t>(column)] >= 0;
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

class SpreadsheetReader : public TableReader {
 public:
  SpreadsheetReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {}

  std::string_view system() const override { return "spreadsheet"; }
  std::string_view id_prefix() const override { return "sheet-"; }

  // Learns the names of members, the order of days, and who is the bank itself.
  absl::Status Prepare() override {
    if (options().members_of_bank) {
      const auto members = options().members_of_bank(system());
      if (!members.ok()) return members.status();
      for (const NameAndNumber& member : *members) {
        index_.AddKnown(member);
        names_.emplace(member.number, FoldedName(member.name));
      }
    }
    imported_before_ = !names_.empty();
    has_members_ = HasFilesOf(Holds::kMembers);
    const PartyIndex of_bank = index_;
    if (absl::Status read = ReadAhead([this](Line& line) { LookAt(line); }); !read.ok()) return read;
    std::string problem;
    community_ = options().community.empty() ? std::string(kBankNumber)
                                             : index_.NumberOf(ParseParty(options().community), problem);
    if (!problem.empty()) return absl::InvalidArgumentError(cli::Fill(cli::T("The community: $0."), problem));
    // Without a list of members the index has every cell, those that may name several people as well.
    FindSeveral(has_members_ ? index_ : of_bank);
    return FindCommunity();
  }

  std::string_view community_found() const override { return community_name_; }
  std::string_view also_in_notes() const override { return also_in_notes_; }

 protected:
  bool FilesShareAnOrder() const override { return false; }

  bool IsCommunity(const std::string& number) const override {
    return number == community_ || (!community_as_before_.empty() && number == community_as_before_);
  }

  bool IsOfTable(const Line& line) const override { return RowOf(line) == RowIs::kSomething; }

  void Read(Line& line) override {
    const bool is_member = line.source().kind().holds == Holds::kMembers;
    switch (RowOf(line)) {
      case RowIs::kTotal:
        return totals_.Add(line.place(), "");
      case RowIs::kTitle:
        return titles_.Add(line.place(), Text(line));
      case RowIs::kSomething:
        return is_member ? ReadMember(line) : ReadHours(line);
    }
  }

  void TellLeftOut(std::vector<std::string>& told) const override {
    totals_.Tell("a row of totals", "rows of totals", told);
    titles_.Tell("a row that is a title or footer", "titles and footers", told);
  }

 private:
  // What a row is: of a table, or something that stands between its rows.
  enum class RowIs { kSomething, kTotal, kTitle };
  // Rows that are left out.
  class LeftOutRows {
   public:
    void Add(const Place& place, const std::string& text) {
      if (++count_ > kTold) return;
      absl::StrAppend(&places_, places_.empty() ? "" : ", ", place.file, " line ", place.line);
      if (!text.empty()) absl::StrAppend(&places_, " \"", text, "\"");
    }
    void Tell(std::string_view one, std::string_view many, std::vector<std::string>& told) const {
      if (count_ == 0) return;
      const std::string more = count_ > kTold ? absl::StrCat(" and ", count_ - kTold, " more") : "";
      told.push_back(absl::StrCat(Absl(count_ == 1 ? one : many), " (", places_, more, ")"));
    }

   private:
    static constexpr size_t kTold = 10;
    size_t count_ = 0;
    // Of the first ones.
    std::string places_;
  };

  // The first row that has a member's number.
  struct FirstRow {
    Place place;
    // Folded.
    std::string name;
    std::vector<std::string> fields;
  };
  // A name that nobody has: how many rows the bank has with itself in its place.
  struct Candidate {
    std::string name;
    int64_t known = 0;
  };
  // Rows that the bank is asked about: whose they are, and the origin that each has if that one is the bank.
  struct Asked {
    std::vector<std::string> candidates;
    std::vector<std::string> origins;
  };

  // ---- Before the first row

  void LookAt(Line& line) {
    if (line.source().kind().holds == Holds::kMembers) {
      if (RowOfMembers(line) == RowIs::kSomething) LookAtMember(line);
      return;
    }
    if (RowOfHours(line) != RowIs::kSomething) return;
    VoteOnDays(line, kDay);
    VoteOnHours(line, {kHours, kMinutes});
    for (const int column : {kGiver, kReceiver}) {
      const std::string& cell = line.Raw(column);
      if (!named_.insert(cell).second) continue;
      const NameAndNumber party = ParseParty(cell);
      for (const std::string& told : {party.name, party.number}) {
        if (std::string folded = FoldedName(told); !folded.empty()) mentioned_.insert(std::move(folded));
      }
      if (!has_members_) index_.Add(party);
    }
  }

  void LookAtMember(Line& line) {
    VoteOnDays(line, kJoined);
    VoteOnDays(line, kLeft);
    VoteOnHours(line, {kBalance});
    const NameAndNumber member = MemberOf(line);
    if (HasDigit(line.Raw(kNumber))) numbered_files_.insert(line.source().name());
    std::string name = FoldedName(member.name);
    const auto [found, is_first] =
        first_rows_.emplace(member.number, FirstRow{line.place(), name, line.row().fields});
    const FirstRow& first = found->second;
    if (is_first) {
      names_[member.number] = name;
      index_.Add(member);
      return;
    }
    // The row will be rejected; whoever it is of must not be taken for the first one.
    const bool same_name = MayBeTheSame(first.name, name);
    const bool somebody_else = first.place.file == line.place().file && first.fields != line.row().fields;
    if (same_name && (HasNumber(line) || !somebody_else)) {
      index_.Add(member);
    } else if (!name.empty()) {
      doubtful_names_.emplace(std::move(name), line.place());
    }
  }

  // Looks for cells that may name more than one person: who is meant must be plain. `known` are members.
  void FindSeveral(PartyIndex known) {
    // A number behind the whole of a name tells who it is.
    for (const std::string& cell : named_) {
      const NameAndNumber party = ParseParty(cell);
      if (party.number.empty()) continue;
      const std::vector<std::string> parts = PartsOf(cell);
      if (parts.size() == 1 || CountKnown(parts, known) < parts.size()) known.Add(party);
    }
    size_t turned = 0;
    for (const std::string& cell : named_) turned += MayBeTurned(cell, known);
    const bool are_turned = turned > 1 && turned * 3 >= named_.size();
    const PlainNames plain = FindPlainNames();
    for (const std::string& cell : named_) {
      const std::vector<std::string> parts = PartsOf(cell);
      const NameAndNumber party = ParseParty(cell);
      const size_t are_known = CountKnown(parts, known);
      const bool all_known = are_known == parts.size();
      const bool is_turned =
          MayBeTurned(cell, known) && (are_turned || (are_known == 0 && plain.SpeakForTurned(cell)));
      std::string none;
      const bool is_one = parts.size() == 1 || IsCommunity(index_.NumberOf(party, none)) ||
                          known.Knows({party.name, ""}) || (!party.number.empty() && !all_known);
      if (is_one || (is_turned && !all_known)) continue;
      if (all_known) {
        several_[cell] = "names several people: write a row for each of them, with the hours of each";
      } else if (are_known > 0 || cell.find(',') != std::string::npos) {
        several_[cell] =
            "may be one person or several: if one, write the number behind the name, or the first name in "
            "front and no comma; if several, a row for each of them";
      }
    }
  }

  // What names without a comma tell of one with it.
  struct PlainNames {
    // Of a single word, and of more.
    size_t single = 0;
    size_t full = 0;
    // The first words of the latter, folded.
    std::set<std::string> first_words;

    // Among full names `Muñoz, Ana` is one, and two people would have full names, too. `Ana, Ben` may be two
    // where somebody is called Ana.
    bool SpeakForTurned(const std::string& cell) const {
      const std::string surname = FoldedName(std::string_view(cell).substr(0, cell.find(',')));
      return full > single && !first_words.contains(surname.substr(0, surname.find(' ')));
    }
  };

  PlainNames FindPlainNames() const {
    PlainNames plain;
    const auto add = [&plain](const std::string& folded) {
      if (folded.empty() || folded.find(',') != std::string::npos) return;
      const size_t blank = folded.find(' ');
      ++(blank == std::string::npos ? plain.single : plain.full);
      if (blank != std::string::npos) plain.first_words.insert(folded.substr(0, blank));
    };
    for (const std::string& cell : named_) {
      if (const NameAndNumber party = ParseParty(cell); PartsOf(party.name).size() == 1) {
        add(FoldedName(party.name));
      }
    }
    for (const auto& [number, name] : names_) add(name);
    return plain;
  }

  size_t CountKnown(const std::vector<std::string>& parts, const PartyIndex& known) const {
    return static_cast<size_t>(std::count_if(parts.begin(), parts.end(), [&](const std::string& part) {
      const NameAndNumber one = ParseParty(part);
      return !one.number.empty() || mentioned_.contains(FoldedName(one.name)) || known.Knows(one);
    }));
  }

  // `Muñoz, Ana` and `Ramón y Cajal, Santiago`, where nobody is called by what stands before the comma.
  bool MayBeTurned(const std::string& cell, const PartyIndex& known) const {
    const size_t comma = cell.find(',');
    if (comma == std::string::npos || cell.find_first_of(",;/+&", comma + 1) != std::string::npos ||
        cell.find_first_of(";/+&") < comma) {
      return false;
    }
    const std::string surname(Trimmed(std::string_view(cell).substr(0, comma)));
    const std::vector<std::string> first = PartsOf(std::string_view(cell).substr(comma + 1));
    return !surname.empty() && first.size() == 1 && !first[0].empty() && CountKnown({surname}, known) == 0;
  }

  // An earlier import may have been told who the bank itself is: then the ledger has rows of a name that
  // nobody has, under the origins that they have with the bank in its place.
  absl::Status FindCommunity() {
    if (!imported_before_ || !options().known_origins || !options().community.empty()) {
      return absl::OkStatus();
    }
    std::map<std::string, Candidate> candidates;
    for (const std::string& cell : named_) {
      const NameAndNumber party = ParseParty(cell);
      std::string problem;
      const std::string number = index_.NumberOf(party, problem);
      // The files tell it themselves.
      if (number == community_) return absl::OkStatus();
      if (number.empty() || names_.contains(number)) continue;
      candidates[number].name = party.name.empty() ? party.number : party.name;
    }
    named_.clear();
    if (candidates.empty()) return absl::OkStatus();
    if (absl::Status asked = AskAbout(candidates); !asked.ok()) return asked;
    int64_t most = 0;
    for (const auto& [number, candidate] : candidates) {
      if (candidate.known == 0) continue;
      // The same help by somebody new has the same origin as the bank's: only what is called so is the bank.
      if (!IsBankName(FoldedName(candidate.name))) {
        maybe_community_.insert(number);
      } else if (candidate.known > most) {
        most = candidate.known;
        community_as_before_ = number;
        community_name_ = candidate.name;
      }
    }
    return absl::OkStatus();
  }

  absl::Status AskAbout(std::map<std::string, Candidate>& candidates) {
    Asked asked;
    absl::Status status;
    const absl::Status read = ReadAhead([&](Line& line) {
      if (!status.ok() || line.source().kind().holds == Holds::kMembers) return;
      AddOrigin(line, candidates, asked);
      if (asked.origins.size() == kMostOrigins) status = Ask(asked, candidates);
    });
    if (!read.ok()) return read;
    return status.ok() ? Ask(asked, candidates) : status;
  }

  void AddOrigin(Line& line, const std::map<std::string, Candidate>& candidates, Asked& asked) {
    std::string problem;
    ImportedExchange exchange;
    exchange.giver = index_.NumberOf(ParseParty(line.Raw(kGiver)), problem);
    exchange.receiver = index_.NumberOf(ParseParty(line.Raw(kReceiver)), problem);
    const bool gave = candidates.contains(exchange.giver);
    if (!problem.empty() || gave == candidates.contains(exchange.receiver)) return;
    exchange.seconds = TimeGiven(line);
    exchange.note = line.Raw(kNote);
    std::string number = std::exchange(gave ? exchange.giver : exchange.receiver, "");
    std::string origin = RowOriginOf(line, kDay, exchange);
    if (!line.ok() || origin.empty()) return;
    asked.candidates.push_back(std::move(number));
    asked.origins.push_back(std::move(origin));
  }

  absl::Status Ask(Asked& asked, std::map<std::string, Candidate>& candidates) {
    if (asked.origins.empty()) return absl::OkStatus();
    const auto known = options().known_origins(system(), asked.origins);
    if (!known.ok()) return known.status();
    for (size_t i = 0; i < known->size(); ++i) candidates[asked.candidates[i]].known += (*known)[i];
    asked = {};
    return absl::OkStatus();
  }

  // ---- Rows

  // Whether the cells name nobody, but for a word such as `Total`.
  static bool NameNobody(const Line& line, std::initializer_list<int> columns) {
    return std::all_of(columns.begin(), columns.end(), [&line](int column) {
      return Trimmed(line.Raw(column)).empty() || TellsTotal(line.Raw(column));
    });
  }
  static bool HasTotal(const Line& line) {
    const std::vector<std::string>& cells = line.row().fields;
    return std::any_of(cells.begin(), cells.end(), TellsTotal);
  }
  static RowIs RowOfHours(const Line& line) {
    if (IsHeadingAgain(line)) return RowIs::kTitle;
    return NameNobody(line, {kGiver, kReceiver}) && HasTotal(line) ? RowIs::kTotal : RowIs::kSomething;
  }

  RowIs RowOf(const Line& line) const {
    return line.source().kind().holds == Holds::kMembers ? RowOfMembers(line) : RowOfHours(line);
  }

  RowIs RowOfMembers(const Line& line) const {
    if (IsHeadingAgain(line)) return RowIs::kTitle;
    const auto tells_nobody = [&](const auto& tells) {
      const std::vector<std::string>& cells = line.row().fields;
      // A number that stands where members have theirs is somebody's.
      return (Trimmed(line.Raw(kNumber)).empty() || tells(line.Raw(kNumber))) &&
             std::any_of(cells.begin(), cells.end(), tells) &&
             std::all_of(cells.begin(), cells.end(), [&](const std::string& cell) {
               return Trimmed(cell).empty() || tells(cell) || IsCount(Trimmed(cell)) || IsDay(cell);
             });
    };
    const bool has_day = HasDayBeside(line);
    const auto tells_title = [&](const std::string& cell) {
      return TellsTitle(cell) || (TellsMade(cell) && (has_day || EndsInDay(cell)));
    };
    if (tells_nobody(tells_title)) return RowIs::kTitle;
    const bool nobody = NameNobody(line, {kNumber, kEmail, kPhone, kOtherPhone, kFirstName, kName, kSurname});
    return (nobody && HasTotal(line)) || tells_nobody(TellsTotal) ? RowIs::kTotal : RowIs::kSomething;
  }

  // Digits alone are a telephone number, and no seconds since 1970.
  bool IsDay(std::string_view cell) const {
    Moment moment;
    return !IsDigits(Trimmed(cell)) && ParseMoment(cell, {.today = options().today}, moment);
  }
  // `Exported on 2024-05-03`.
  bool EndsInDay(std::string_view cell) const {
    for (size_t blank = cell.find(' '); blank != std::string_view::npos; blank = cell.find(' ', blank + 1)) {
      if (IsDay(cell.substr(blank + 1))) return true;
    }
    return false;
  }
  // A day that is not when a member joined or left.
  bool HasDayBeside(const Line& line) const {
    const std::vector<std::string>& cells = line.row().fields;
    const std::vector<int>& known = line.source().heading().cell_of_column;
    for (size_t cell = 0; cell < cells.size(); ++cell) {
      const bool is_members =
          static_cast<int>(cell) == known[kJoined] || static_cast<int>(cell) == known[kLeft];
      if (!is_members && (IsDay(cells[cell]) || EndsInDay(cells[cell]))) return true;
    }
    return false;
  }

  // A printed list has its heading on every page.
  static bool IsHeadingAgain(const Line& line) {
    const std::vector<std::string>& heading = line.source().heading().cells;
    const std::vector<std::string>& cells = line.row().fields;
    return !heading.empty() && std::equal(heading.begin(), heading.end(), cells.begin(),
                                          cells.begin() + std::min(heading.size(), cells.size()));
  }

  static std::string Text(const Line& line) {
    std::string text;
    for (const std::string& cell : line.row().fields) absl::StrAppend(&text, cell, " ");
    return Shortened(AsRead(text));
  }

  static bool HasDigit(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
  }

  // Where the others have numbers, a row of a single cell may be a title, or an empty place in the list. Whom
  // hours name is somebody, and so is who comes back in a file of rejects.
  void FailIfAlone(Line& line, const NameAndNumber& member) const {
    const std::vector<std::string>& cells = line.row().fields;
    const auto filled = std::count_if(cells.begin(), cells.end(),
                                      [](const std::string& cell) { return !Trimmed(cell).empty(); });
    if (filled != 1 || !numbered_files_.contains(line.source().name())) return;
    // A number where members have theirs is somebody's.
    if (HasDigit(line.Raw(kNumber))) return;
    if (line.source().heading().IsOfRejects(cells) || mentioned_.contains(FoldedName(member.number)) ||
        mentioned_.contains(FoldedName(member.name))) {
      return;
    }
    line.Fail(
        line.Text(kNumber).empty() ? NameColumn(line) : kNumber,
        absl::StrCat("\"", Text(line),
                     "\" stands alone in its row: is it a member? If so, it comes in with the file that "
                     "--rejects writes; else leave the row out"));
  }

  static bool HasNumber(const Line& line) {
    return !line.Text(kNumber).empty() || !ParseParty(FullName(line)).number.empty();
  }

  static NameAndNumber MemberOf(const Line& line) {
    NameAndNumber member = ParseParty(FullName(line));
    if (const std::string number = line.Text(kNumber); !number.empty()) member.number = number;
    if (member.number.empty()) member.number = FoldedName(member.name);
    return member;
  }

  // Beside first names and surnames, `Name` may be all of the name, or the one or the other.
  static std::string FullName(const Line& line) {
    const std::string name = line.Text(kName);
    const std::vector<std::string> words = HeadingWords(name);
    const auto is_in_name = [&words](const std::string& part) {
      const std::vector<std::string> wanted = HeadingWords(part);
      return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&words](const std::string& word) {
        return std::find(words.begin(), words.end(), word) != words.end();
      });
    };
    const std::string first = line.Text(kFirstName);
    const std::string surname = line.Text(kSurname);
    const bool has_first = is_in_name(first);
    const bool has_surname = is_in_name(surname);
    // `Muñoz, Ana`.
    if (has_first && has_surname) {
      return name.find(',') == std::string::npos ? name : Words(line, {kFirstName, kSurname});
    }
    if (has_surname) return Words(line, {kFirstName, kName});
    // Without a surname, `Martin` and `Martin` may be two names.
    const bool is_whole = has_first && (!surname.empty() || HeadingWords(first).size() < words.size());
    return is_whole ? Words(line, {kName, kSurname}) : Words(line, {kFirstName, kName, kSurname});
  }

  void ReadMember(Line& line) {
    const NameAndNumber known = MemberOf(line);
    ImportedMember member;
    member.number = known.number;
    member.display_name = known.name;
    if (member.number.empty()) line.Fail(kName, "neither a number nor a name");
    FailIfAlone(line, known);
    if (!HasNumber(line)) FailNamesake(line, member);
    AddPhone(line, kPhone, member);
    AddPhone(line, kOtherPhone, member);
    AddEmail(line, kEmail, member);
    member.joined_on = OptionalDay(line, kJoined);
    const std::string left = FoldedName(line.Raw(kLeft));
    const bool leaves_later = IsAhead(line, kLeft);
    if (leaves_later) {
      Count(absl::StrCat("days that are still to come (", line.NameOf(kLeft), "): nobody has left yet"),
            line.place());
    }
    member.closed = !left.empty() && !HasWord(kNo, left) && !IsNoDay(line.Text(kLeft)) && !leaves_later;
    if (member.closed && !HasWord(kYes, left)) member.closed_on = OptionalDay(line, kLeft);
    GiveMember(line, line.Has(kNumber) ? kNumber : NameColumn(line), NameColumn(line), std::move(member),
               {kBalance});
  }

  // One that the file has.
  static int NameColumn(const Line& line) {
    return line.Has(kName) ? kName : line.Has(kFirstName) ? kFirstName : kSurname;
  }

  // Without numbers a second person of a name cannot be told from the first one.
  void FailNamesake(Line& line, const ImportedMember& member) {
    const Place* first = PlaceOfMember(member.number);
    if (first == nullptr || IsCommunity(member.number)) return;
    const std::string file = first->file == line.place().file ? "" : absl::StrCat(" of ", first->file);
    line.Fail(
        NameColumn(line),
        absl::StrCat(member.display_name, " stands on line ", first->line, file, " already, and ",
                     line.Has(kNumber) ? absl::StrCat("this row has no ", line.NameOf(kNumber))
                                       : std::string("the file has no column of numbers to tell two apart")));
  }

  void ReadHours(Line& line) {
    ImportedExchange exchange;
    When(line, kDay, exchange);
    exchange.giver = Who(line, kGiver, exchange.giver_name);
    exchange.receiver = Who(line, kReceiver, exchange.receiver_name);
    exchange.seconds = TimeGiven(line);
    exchange.note = line.Raw(kNote);
    exchange.category = line.Text(kCategory);
    exchange.recorded_by = line.Text(kRecorder);
    if (line.Text(kMinutes).empty()) {
      exchange.minutes_seconds = HoursVoteOf(line).IfMinutes(line.Raw(kHours));
    }
    if (exchange.minutes_seconds != 0) exchange.doubtful_hours = line.Text(kHours);
    if (Post(line, kGiver, kReceiver, kNote, "", std::move(exchange)) == nullptr) return;
    AddToNote(line, kMoreNote);
    if (also_in_notes_.empty() && !line.Text(kMoreNote).empty()) also_in_notes_ = line.NameOf(kMoreNote);
  }

  // Of a column of hours, one of minutes, or both: `2` and `15` are 2h15, `1.5` and `90` are 1h30.
  int64_t TimeGiven(Line& line) const {
    if (line.Text(kMinutes).empty()) return Hours(line, kHours);
    if (line.Text(kHours).empty()) return Hours(line, kMinutes, Unit::kMinute);
    const int64_t hours = SignedHours(line, kHours);
    const int64_t minutes = SignedHours(line, kMinutes, Unit::kMinute);
    if (!line.ok()) return 0;
    if (hours == 0) return Hours(line, kMinutes, Unit::kMinute);
    if (minutes == 0 || minutes == hours) return Hours(line, kHours);
    constexpr auto kHour = static_cast<int64_t>(Unit::kHour);
    if (hours < 0 || minutes < 0 || minutes >= kHour || hours % kHour != 0) {
      line.Fail(kMinutes,
                absl::StrCat("the hours (", line.Text(kHours), ") and the minutes (", line.Text(kMinutes),
                             ") do not go together; write whole hours and 0 to 59 minutes"));
    }
    return hours + minutes;
  }

  // Folded names, one of which may leave some words out.
  static bool MayBeTheSame(const std::string& one, const std::string& other) {
    const std::set<std::string> some = absl::StrSplit(one, ' ');
    const std::set<std::string> others = absl::StrSplit(other, ' ');
    return std::includes(some.begin(), some.end(), others.begin(), others.end()) ||
           std::includes(others.begin(), others.end(), some.begin(), some.end());
  }

  // Empty for the bank itself.
  std::string Who(Line& line, int column, std::string& name) {
    const NameAndNumber party = ParseParty(line.Raw(column));
    std::string problem;
    std::string number = index_.NumberOf(party, problem);
    if (number.empty() && problem.empty()) problem = "nobody is named";
    if (party.number.empty() && problem.empty()) problem = WhyDoubtful(party.name);
    if (const auto several = several_.find(line.Raw(column)); several != several_.end() && problem.empty()) {
      problem = absl::StrCat("\"", line.Text(column), "\" ", several->second);
    }
    if (problem.empty() && maybe_community_.contains(number)) {
      const std::string who = party.name.empty() ? party.number : party.name;
      problem = absl::StrCat("the bank has such a row already, with the community pot: if ", who,
                             " is the bank itself, --community \"", who, "\"; else add this member first");
    }
    line.Fail(column, problem);
    if (!party.name.empty() && !party.number.empty()) {
      const auto known = names_.find(number);
      if (known != names_.end() && !MayBeTheSame(known->second, FoldedName(party.name))) {
        Count("names beside another member's number: the number was taken", line.place());
      }
    }
    name = party.name;
    return IsCommunity(number) ? "" : number;
  }

  // Whoever has that name may be somebody whose row was rejected.
  std::string WhyDoubtful(const std::string& name) const {
    if (doubtful_names_.empty()) return "";
    const auto found = doubtful_names_.find(FoldedName(name));
    if (found == doubtful_names_.end()) return "";
    const Place& place = found->second;
    return absl::StrCat("who is meant by ", name,
                        " is not sure, since the row of one of that name was rejected (", place.file,
                        " line ", place.line,
                        "); give each a number there, and write it behind the name: ", name, " (12)");
  }

  PartyIndex index_;
  // Folded, by number; of the members files, and of the bank where these do not tell.
  std::map<std::string, std::string> names_;
  std::map<std::string, FirstRow> first_rows_;
  // Folded names of members whose rows will be rejected, as another one has their number or name.
  std::map<std::string, Place> doubtful_names_;
  bool has_members_ = false;
  // Whether the bank has members from an earlier import.
  bool imported_before_ = false;
  std::string community_;
  // Whom an earlier import had for the bank itself, by number (or the name that stands for it) and by name.
  std::string community_as_before_;
  // Names that nobody has, of which the bank has a row with itself in their place; numbers as in index_.
  std::set<std::string> maybe_community_;
  std::string community_name_;
  std::string also_in_notes_;
  // The cells that name people in files of hours, where they are needed.
  std::set<std::string> named_;
  // Folded names and numbers of those whom hours name.
  std::set<std::string> mentioned_;
  // Cells that may name more than one person, and what to say of them.
  std::map<std::string, std::string> several_;
  // Lists in which members have numbers.
  std::set<std::string> numbered_files_;
  LeftOutRows totals_;
  LeftOutRows titles_;
};

std::string LookedFor() {
  // Translators: headings of columns are as they may stand in a file.
  return cli::T(
      "hours (columns Given by, Received by, Hours or Minutes, and Date; or --giver, --receiver, --hours, "
      "--minutes, --date); members (Number, Name)");
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

absl::StatusOr<std::unique_ptr<Reader>> Open(std::vector<Glimpse> files, const ReaderOptions& options) {
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
  std::vector<std::unique_ptr<Source>> sources;
  for (size_t i = 0; i < files.size(); ++i) {
    Glimpse& file = files[i];
    Heading& heading = headings[i];
    if (heading.kind == &kHoursKind) {
      if (absl::Status plain = CheckIsPlain(file, heading, options); !plain.ok()) return plain;
    }
    if (heading.kind == &kHoursKind && !HasColumn(heading, kDay)) {
      return absl::InvalidArgumentError(cli::Fill(
          cli::T("Which column of $0 is the day of the help? Say it with --date COLUMN."), file.path));
    }
    if (heading.kind == &kMembersKind) {
      if (absl::Status settled = SettleNumber(file, options, heading); !settled.ok()) return settled;
    }
    absl::StatusOr<std::unique_ptr<Source>> source = Source::Open(std::move(file), std::move(heading));
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  auto reader = std::make_unique<SpreadsheetReader>(std::move(sources), options);
  if (const absl::Status prepared = reader->Prepare(); !prepared.ok()) return prepared;
  return reader;
}

int FitFile(const Glimpse& file, const ReaderOptions& options) {
  const std::optional<Heading> heading = HeadingOf(file, options);
  return heading ? heading->Score() : 0;
}

}  // namespace

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

const Format& Spreadsheet() {
  static constexpr Format format = {"spreadsheet", "a spreadsheet", &FitFile, &LookedFor, &Open};
  return format;
}

}  // namespace timebank::imports
