#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
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

constexpr std::array<Column, 8> kHoursColumns = {
    {{"Given by",
      "giver gave gavehelp helper helpedby helpgivenby providedby provider whogave whohelped doneby "
      "dadopor dadapor da quienda quiendio hadado dador dadora oferente ofrecidopor prestadopor ayudante "
      "donatper fetper quidona hadonat donant dona ofertper donador "
      "donnepar quidonne adonne donneur donneuse donnateur offertpar rendupar aidant aidante "
      "gegebenvon werhatgegeben geber geberin gibt gegeben helfer helferin hilfevon geleistetvon"},
     {"Received by",
      "receiver received receivedhelp helped whoreceived gotby donefor givento helpedwho "
      "recibidopor recibidapor recibe quienrecibe quienrecibio harecibido receptor receptora "
      "rebutper rep quirep harebut "
      "recupar quirecoit arecu recoit receveur receveuse beneficiaire aidea "
      "erhaltenvon empfangenvon werhaterhalten empfanger empfangerin erhalten erhalt nehmer nehmerin "
      "hilfefur"},
     {"Hours",
      "hour hrs time timegiven hoursgiven duration amount quantity "
      "horas tiempo duracion cantidad numerodehoras "
      "hores temps durada quantitat nombredhores "
      "heures heure duree quantite nombredheures "
      "stunden zeit dauer std anzahlstunden menge"},
     {"Minutes", "minute mins minutos minuts minuten"},
     {"Date", "day when dateofhelp fecha dia cuando data datum tag wann jour quand le"},
     {"What",
      "note notes description activity task help comment comments details text "
      "que descripcion nota notas actividad servicio tarea comentario comentarios concepto detalle "
      "descripcio activitat servei tasca comentari comentaris concepte "
      "quoi activite tache commentaire commentaires objet remarque "
      "was beschreibung notiz bemerkung bemerkungen tatigkeit leistung kommentar hilfe"},
     {"Category", "categoria categorie kategorie"},
     {"Recorded by",
      "enteredby writtenby recorder anotadopor registradopor apuntadopor anotatper registratper saisipar "
      "enregistrepar erfasstvon eingetragenvon"}}};
enum HoursColumn { kGiver, kReceiver, kHours, kMinutes, kDay, kNote, kCategory, kRecorder };

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
      "datedadhesion inscription eintritt eintrittsdatum beitritt mitgliedseit"},
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

constexpr std::string_view kBankNumber = "0";
constexpr std::string_view kYes = "1 x y yes si oui ja true";
constexpr std::string_view kNo = "0 n no non nein false -";

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

// What the options say of columns.
struct NamedColumn {
  int column;
  const std::string* name;
};

std::vector<NamedColumn> NamedColumns(const ReaderOptions& options) {
  std::vector<NamedColumn> named;
  for (const NamedColumn& column : {NamedColumn{kGiver, &options.giver_column},
                                    {kReceiver, &options.receiver_column},
                                    {kHours, &options.hours_column},
                                    {kDay, &options.day_column},
                                    {kNote, &options.note_column}}) {
    if (!column.name->empty()) named.push_back(column);
  }
  return named;
}

// Puts the named columns in their places; by letter where no heading reads so. False where there is no such
// column.
bool PutNamed(const std::vector<NamedColumn>& named, Heading& heading) {
  for (const NamedColumn& column : named) {
    const std::string key = HeadingKey(*column.name);
    const auto found = std::find_if(heading.cells.begin(), heading.cells.end(),
                                    [&key](const std::string& cell) { return HeadingKey(cell) == key; });
    const int cell = found != heading.cells.end() ? static_cast<int>(found - heading.cells.begin())
                                                  : CellOfLetter(*column.name);
    if (cell < 0 || static_cast<size_t>(cell) >= heading.width) return false;
    heading.cell_of_column[static_cast<size_t>(column.column)] = cell;
    if (column.column == kHours) heading.cell_of_column[kMinutes] = -1;
  }
  return true;
}

// Whether a row is hours already, and no heading above them.
bool IsData(const Glimpse& file, const Heading& heading) {
  const std::vector<std::string>& cells = file.rows[static_cast<size_t>(heading.row)].fields;
  const int hours = heading.cell_of_column[kHours];
  int64_t seconds = 0;
  return hours >= 0 && static_cast<size_t>(hours) < cells.size() &&
         ParseHoursGiven(cells[static_cast<size_t>(hours)], seconds).empty();
}

std::optional<Heading> HoursHeading(const Glimpse& file, const ReaderOptions& options) {
  const std::vector<NamedColumn> named = NamedColumns(options);
  for (size_t row = 0; row < std::min(file.rows.size(), kRowsToFindHeading); ++row) {
    Heading heading = FitHeading(file, row, kHoursKind);
    if (!PutNamed(named, heading) || !HoldsHours(heading)) continue;
    if (IsData(file, heading)) {
      // Columns by their letters, and nothing above them.
      heading.row = -1;
      heading.cells.clear();
    }
    return heading;
  }
  return std::nullopt;
}

std::optional<Heading> MembersHeading(const Glimpse& file) {
  for (size_t row = 0; row < std::min(file.rows.size(), kRowsToFindHeading); ++row) {
    Heading heading = FitHeading(file, row, kMembersKind);
    if (HoldsMembers(heading)) return heading;
  }
  return std::nullopt;
}

std::optional<Heading> HeadingOf(const Glimpse& file, const ReaderOptions& options) {
  std::optional<Heading> heading = HoursHeading(file, options);
  return heading ? heading : MembersHeading(file);
}

class SpreadsheetReader : public TableReader {
 public:
  SpreadsheetReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {}

  std::string_view system() const override { return "spreadsheet"; }
  std::string_view id_prefix() const override { return "sheet-"; }

  // Learns the names of members, and the order of days.
  absl::Status Prepare() override {
    if (options().members_of_bank) {
      const auto members = options().members_of_bank(system());
      if (!members.ok()) return members.status();
      for (const NameAndNumber& member : *members) index_.AddKnown(member);
    }
    const bool has_members = HasFilesOf(Holds::kMembers);
    const absl::Status read = ReadAhead([&](Line& line) {
      if (line.source().kind().holds == Holds::kMembers) {
        const NameAndNumber member = MemberOf(line);
        names_.emplace(member.number, FoldedName(member.name));
        index_.Add(member);
        return;
      }
      VoteOnDays(line, kDay);
      if (has_members) return;
      index_.Add(ParseParty(line.Raw(kGiver)));
      index_.Add(ParseParty(line.Raw(kReceiver)));
    });
    std::string problem;
    community_ = options().community.empty() ? std::string(kBankNumber)
                                             : index_.NumberOf(ParseParty(options().community), problem);
    if (!problem.empty()) return absl::InvalidArgumentError(cli::Fill(cli::T("The community: $0."), problem));
    return read;
  }

 protected:
  bool NeedsAllCells() const override { return false; }
  bool IsCommunity(const std::string& number) const override { return number == community_; }

  void Read(Line& line) override {
    if (line.source().kind().holds == Holds::kMembers) {
      ReadMember(line);
    } else {
      ReadHours(line);
    }
  }

 private:
  static NameAndNumber MemberOf(const Line& line) {
    NameAndNumber member = ParseParty(Words(line, {kFirstName, kName, kSurname}));
    if (const std::string number = line.Text(kNumber); !number.empty()) member.number = number;
    if (member.number.empty()) member.number = FoldedName(member.name);
    return member;
  }

  void ReadMember(Line& line) {
    const NameAndNumber known = MemberOf(line);
    ImportedMember member;
    member.number = known.number;
    member.display_name = known.name;
    if (member.number.empty()) line.Fail(kName, "neither a number nor a name");
    AddPhone(line, kPhone, member);
    AddPhone(line, kOtherPhone, member);
    AddEmail(line, kEmail, member);
    member.joined_on = OptionalDay(line, kJoined);
    const std::string left = FoldedName(line.Raw(kLeft));
    member.closed = !left.empty() && !HasWord(kNo, left);
    if (member.closed && !HasWord(kYes, left)) member.closed_on = OptionalDay(line, kLeft);
    GiveMember(line, kNumber, kName, std::move(member), {kBalance});
  }

  void ReadHours(Line& line) {
    ImportedExchange exchange;
    When(line, kDay, exchange);
    exchange.giver = Who(line, kGiver, exchange.giver_name);
    exchange.receiver = Who(line, kReceiver, exchange.receiver_name);
    exchange.seconds = line.Text(kHours).empty() && line.Has(kMinutes) ? Hours(line, kMinutes, Unit::kMinute)
                                                                       : Hours(line, kHours);
    exchange.note = line.Raw(kNote);
    exchange.category = line.Text(kCategory);
    exchange.recorded_by = line.Text(kRecorder);
    Post(line, kGiver, kReceiver, kNote, "", std::move(exchange));
  }

  // Empty for the bank itself.
  std::string Who(Line& line, int column, std::string& name) {
    const NameAndNumber party = ParseParty(line.Raw(column));
    std::string problem;
    std::string number = index_.NumberOf(party, problem);
    if (number.empty() && problem.empty()) problem = "nobody is named";
    line.Fail(column, problem);
    if (!party.name.empty() && !party.number.empty()) {
      const auto known = names_.find(number);
      if (known != names_.end() && known->second != FoldedName(party.name)) {
        Count("cells with a name and another member's number: the number was taken", line.place());
      }
    }
    name = party.name;
    return IsCommunity(number) ? "" : number;
  }

  PartyIndex index_;
  // Folded, by number; of the members files.
  std::map<std::string, std::string> names_;
  std::string community_;
};

std::string LookedFor() {
  // Translators: headings of columns are as they may stand in a file.
  return cli::T(
      "hours (columns Given by, Received by, Hours and Date; or --giver, --receiver, --hours, --date); "
      "members (Number, Name)");
}

absl::Status NotRecognised(const Glimpse& file, const ReaderOptions& options) {
  std::string cells;
  if (!file.rows.empty()) {
    for (const std::string& cell : file.rows.front().fields) {
      absl::StrAppend(&cells, cells.empty() ? "" : ", ", Shortened(cell));
    }
  }
  std::string wanted;
  for (const NamedColumn& named : NamedColumns(options)) {
    absl::StrAppend(&wanted, wanted.empty() ? "" : ", ", *named.name);
  }
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
  std::vector<std::unique_ptr<Source>> sources;
  for (Glimpse& file : files) {
    std::optional<Heading> heading = HeadingOf(file, options);
    if (!heading) return NotRecognised(file, options);
    if (heading->kind == &kHoursKind && !HasColumn(*heading, kDay)) {
      return absl::InvalidArgumentError(cli::Fill(
          cli::T("Which column of $0 is the day of the help? Say it with --date COLUMN."), file.path));
    }
    absl::StatusOr<std::unique_ptr<Source>> source = Source::Open(std::move(file), *std::move(heading));
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

const Format& Spreadsheet() {
  static constexpr Format format = {"spreadsheet", "a spreadsheet", &FitFile, &LookedFor, &Open};
  return format;
}

}  // namespace timebank::imports
