#include "client/cli/line_editor.h"

#include <histedit.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace timebank::cli {
namespace {

constexpr int kRemembered = 200;

volatile std::sig_atomic_t interrupted = 0;

class LineEditor {
 public:
  LineEditor() : editor_(el_init("timebank", stdin, stderr, stderr)), history_(history_init()) {
    if (!usable()) return;
    HistEvent event;
    history(history_, &event, H_SETSIZE, kRemembered);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &LineEditor::Prompt);
    el_set(editor_, EL_EDITOR, "emacs");
    // A signal leaves the terminal as it was before it does what it does.
    el_set(editor_, EL_SIGNAL, 1);
    el_set(editor_, EL_HIST, history, history_);
    el_set(editor_, EL_ADDFN, "complete-name", "Complete a name", &LineEditor::Complete);
    el_set(editor_, EL_BIND, "^I", "complete-name", nullptr);
    el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    // The user's own keys go last.
    el_source(editor_, nullptr);
  }
  ~LineEditor() {
    if (history_ != nullptr) history_end(history_);
    if (editor_ != nullptr) el_end(editor_);
  }
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  bool usable() const { return editor_ != nullptr && history_ != nullptr; }

  std::optional<std::string> Read(const LineRequest& request) {
    request_ = &request;
    for (const std::string& line : request.recall) Remember(line);
    int length = 0;
    // Ctrl-C ends the line, so that what was entered before can still be told.
    interrupted = 0;
    struct sigaction interrupt = {};
    interrupt.sa_handler = [](int) { interrupted = 1; };
    struct sigaction before = {};
    sigaction(SIGINT, &interrupt, &before);
    const char* line = el_gets(editor_, &length);
    sigaction(SIGINT, &before, nullptr);
    request_ = nullptr;
    if (interrupted != 0) {
      std::fputs("^C\n", stderr);
      return kInterruptedLine;
    }
    if (line == nullptr || length <= 0) {
      std::fputc('\n', stderr);
      return std::nullopt;
    }
    std::string text(line, static_cast<size_t>(length));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    Remember(text);
    return text;
  }

 private:
  void Remember(const std::string& line) {
    HistEvent event;
    if (!line.empty()) history(history_, &event, H_ENTER, line.c_str());
  }

  static LineEditor* Self(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return static_cast<LineEditor*>(self);
  }

  // libedit takes a char* that it does not write to.
  static char* Prompt(EditLine* editor) {
    const LineEditor* self = Self(editor);
    return const_cast<char*>(self->request_ == nullptr ? "" : self->request_->prompt.c_str());
  }

  // The word before the cursor: what all its completions have in common, or a list of them.
  static unsigned char Complete(EditLine* editor, int /*key*/) {
    const LineEditor* self = Self(editor);
    if (self->request_ == nullptr || !self->request_->complete) return CC_ERROR;
    const LineInfo* info = el_line(editor);
    const std::string before(info->buffer, info->cursor);
    const size_t word_at = before.find_last_of(" ,") == std::string::npos ? 0 : before.find_last_of(" ,") + 1;
    const std::vector<Completion> found = self->request_->complete(before);
    if (found.empty()) return CC_ERROR;
    if (found.size() > 1) {
      std::fputc('\n', stderr);
      for (const Completion& one : found)
        std::fprintf(stderr, "  %s  %s\n", one.text.c_str(), one.says.c_str());
      return CC_REDISPLAY;
    }
    el_deletestr(editor, static_cast<int>(before.size() - word_at));
    return el_insertstr(editor, (found.front().text + " ").c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  EditLine* editor_;
  History* history_;
  const LineRequest* request_ = nullptr;
};

}  // namespace

LineReader MakeLineEditor() {
  auto editor = std::make_shared<LineEditor>();
  if (!editor->usable()) return {};
  return [editor](const LineRequest& request) { return editor->Read(request); };
}

}  // namespace timebank::cli
