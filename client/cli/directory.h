// The names for people of whoever turns up in an answer.
//
// Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_DIRECTORY_H_
#define TIMEBANK_CLIENT_CLI_DIRECTORY_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/client.h"

namespace timebank::cli {

class Directory {
 public:
  Directory(client::Client client, std::string bank) : client_(std::move(client)), bank_(std::move(bank)) {}

  // Somebody whose name is known already.
  void Know(const std::string& holder, const std::string& display_name);
  // Looks up whoever of `holders` is not known yet. A name that cannot be had is no reason to fail: the
  // resource name then stands in for it.
  void LookUp(const std::vector<std::string>& holders);
  // Everybody whom an exchange names, and whoever recorded it.
  void LookUp(const v1::Exchange& exchange) { LookUp(HoldersOf(exchange)); }
  template <typename Exchanges>
  void LookUpAll(const Exchanges& exchanges) {
    std::vector<std::string> holders;
    for (const v1::Exchange& exchange : exchanges) {
      const std::vector<std::string> more = HoldersOf(exchange);
      holders.insert(holders.end(), more.begin(), more.end());
    }
    LookUp(holders);
  }

  // `Ben Ferré`, `Community pot`; where nothing is known, `members/ben`.
  std::string Name(const std::string& holder) const;
  // `Ben`, where that is enough to tell him from the rest of `among` (resource names); else the whole name.
  // Circles, pots and whoever has no name of two words, or one with a comma, keep theirs.
  std::string CallName(const std::string& holder, const std::vector<std::string>& among) const;

  // Givers, receivers, accounts that moved, recorder and acting_for: every holder's resource name, each once.
  static std::vector<std::string> HoldersOf(const v1::Exchange& exchange);

 private:
  client::Client client_;
  std::string bank_;
  std::map<std::string, std::string> names_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_DIRECTORY_H_
