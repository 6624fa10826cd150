# Makes the catalogues of C++: cmake -DMSGFMT=… -DPO=FOLDER -DWORK=FOLDER -DOUT=FILE -P catalogues.cmake
#
# msgfmt checks each .po file of LINGUAS and makes a .mo of it, whose bytes become an array. `Plural-Forms` is an expression
# of C already, and becomes a function. Fuzzy entries are left out.
file(STRINGS ${PO}/LINGUAS languages REGEX "^[a-z][a-z]$")
set(arrays "")
set(rows "")
foreach(code ${languages})
  execute_process(COMMAND ${MSGFMT} --check --endianness=little -o ${WORK}/${code}.mo ${PO}/${code}.po
    RESULT_VARIABLE failed ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "${said}")
  endif()
  file(READ ${WORK}/${code}.mo bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(STRINGS ${PO}/${code}.po plural REGEX "^\"Plural-Forms:" LIMIT_COUNT 1)
  if(NOT plural MATCHES "plural=([n0-9 ()!=<>%&|?:+-]+)")
    message(FATAL_ERROR "${PO}/${code}.po: no Plural-Forms that can be read")
  endif()
  string(APPEND arrays "constexpr unsigned char k_${code}[] = {\n${bytes}};\n"
    "unsigned long Form_${code}([[maybe_unused]] unsigned long n) { return (${CMAKE_MATCH_1}); }\n")
  string(APPEND rows "  {\"${code}\", k_${code}, ${size}, Form_${code}},\n")
endforeach()
file(WRITE ${OUT} "#include \"client/cli/catalogue.h\"\n\nnamespace timebank::cli {\nnamespace {\n\n${arrays}\n}  // namespace\n\n"
  "extern const Catalogue kCatalogues[] = {\n${rows}  {nullptr, nullptr, 0, nullptr}};\n\n}  // namespace timebank::cli\n")
