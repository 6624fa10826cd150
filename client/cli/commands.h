// The groups of commands, a file each.
#ifndef TIMEBANK_CLIENT_CLI_COMMANDS_H_
#define TIMEBANK_CLIENT_CLI_COMMANDS_H_

#include "client/cli/command.h"

namespace timebank::cli {

// Each adds its commands below `root`.
void AddRecordCommands(Command root);     // record, gift, opening
void AddDayCommand(Command root);         // day
void AddMendCommands(Command root);       // undo, correct, contest, settle
void AddAccountCommands(Command root);    // balance, statement
void AddActsCommand(Command root);        // acts
void AddOverviewCommands(Command root);   // find, chat, report
void AddExchangeCommands(Command root);   // exchange …, confirm
void AddMemberCommands(Command root);     // member …
void AddActingForCommands(Command root);  // acting-for …
void AddCircleCommands(Command root);     // circle …
void AddBankCommands(Command root);       // bank …
void AddKeyCommands(Command root);        // key …
void AddFeedCommands(Command root);       // events, watch
void AddImportCommand(Command root);      // import
void AddExportCommand(Command root);      // export
void AddContextCommands(Command root);    // context …

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_COMMANDS_H_
