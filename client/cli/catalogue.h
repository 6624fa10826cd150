// One language's catalogue, as the build links it into the program.
#ifndef TIMEBANK_CLIENT_CLI_CATALOGUE_H_
#define TIMEBANK_CLIENT_CLI_CATALOGUE_H_

#include <cstddef>

namespace timebank::cli {

struct Catalogue {
  // `es`.
  const char* code;
  // A .mo file of gettext, little-endian, as msgfmt has checked and made it.
  const unsigned char* bytes;
  size_t size;
  // Which form goes with `n` things: the `Plural-Forms` of the .po file.
  unsigned long (*form)(unsigned long n);
};

// Those of po/LINGUAS; generated. The last one has no code.
extern const Catalogue kCatalogues[];

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_CATALOGUE_H_
