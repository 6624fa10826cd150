#include "server/access/tokens.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

extern "C" {
#include <cjose/cjose.h>
}

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/access/callers_file.h"
#include "server/ledger/error.h"
#include "tests/support/matchers.h"
#include "tests/unit/access/folder.h"

namespace timebank::access {
namespace {

using ledger::Reason;
using testing::HasSubstr;

// A provider's key pair.
class Pair {
 public:
  Pair(const std::string& id, bool rsa) {
    cjose_err error = {};
    key_ = rsa ? cjose_jwk_create_RSA_random(2048, nullptr, 0, &error)
               : cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
    EXPECT_NE(key_, nullptr);
    EXPECT_TRUE(cjose_jwk_set_kid(key_, id.data(), id.size(), &error));
    id_ = id;
  }
  ~Pair() { cjose_jwk_release(key_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  std::string Public() const {
    cjose_err error = {};
    char* json = cjose_jwk_to_json(key_, false, &error);
    std::string text = json;
    free(json);
    return text;
  }
  std::string Sign(const std::string& claims, const std::string& algorithm,
                   const char* critical = nullptr) const {
    cjose_err error = {};
    cjose_header_t* header = cjose_header_new(&error);
    if (critical != nullptr) cjose_header_set_raw(header, "crit", critical, &error);
    cjose_header_set(header, CJOSE_HDR_ALG, algorithm.c_str(), &error);
    cjose_header_set(header, CJOSE_HDR_KID, id_.c_str(), &error);
    cjose_jws_t* jws =
        cjose_jws_sign(key_, header, reinterpret_cast<const uint8_t*>(claims.data()), claims.size(), &error);
    EXPECT_NE(jws, nullptr) << error.message;
    const char* text = nullptr;
    EXPECT_TRUE(cjose_jws_export(jws, &text, &error));
    std::string token = text;
    cjose_jws_release(jws);
    cjose_header_release(header);
    return token;
  }

 private:
  cjose_jwk_t* key_ = nullptr;
  std::string id_;
};

class TokensTest : public testing::Test {
 protected:
  void SetUp() override {
    Publish(rsa_.Public() + "," + ec_.Public());
    Provider provider;
    provider.name = "login";
    provider.issuer = "https://login.example.org";
    provider.audience = "timebank";
    provider.jwks = folder_.path() + "/jwks.json";
    provider.member_claim = "sub";
    provider.identity.role = v1::ROLE_MEMBER;
    provider.identity.bank = "rushey";
    TokenOptions options;
    options.now_us = [this] { return now_s_.load() * 1'000'000; };
    options.look_ms = 10;
    auto opened = OpenTokens({provider}, std::move(options));
    ASSERT_THAT(opened, IsOk()) << opened.status();
    tokens_ = *std::move(opened);
  }

  void Publish(const std::string& keys) {
    std::ofstream(folder_.path() + "/jwks.json.new") << "{\"keys\":[" << keys << "]}";
    rename((folder_.path() + "/jwks.json.new").c_str(), (folder_.path() + "/jwks.json").c_str());
  }
  static std::string Claims(const std::string& more = R"("exp":2000)", const std::string& sub = "ana",
                            const std::string& aud = R"("timebank")",
                            const std::string& iss = "https://login.example.org") {
    return R"({"iss":")" + iss + R"(","aud":)" + aud + R"(,"sub":")" + sub + R"(",)" + more + "}";
  }
  std::optional<Reason> WhyNot(const std::string& token) {
    return ledger::ReasonOf(tokens_->Verify(token).status());
  }

  const Folder folder_;
  const Pair rsa_{"r1", true};
  const Pair ec_{"e1", false};
  std::atomic<int64_t> now_s_ = 1000;
  std::unique_ptr<const Tokens> tokens_;
};

// Goal: a token that a provider's key has signed says who its owner is, until its end.
TEST_F(TokensTest, AGoodTokenIsKnownUntilItsEnd) {
  for (const std::string& token :
       {rsa_.Sign(Claims(), "RS256"), rsa_.Sign(Claims(), "PS256"),
        ec_.Sign(Claims(R"("exp":2000)", "ana", R"(["x","timebank"])"), "ES256")}) {
    now_s_ = 1000;
    for (int again = 0; again < 2; ++again) {
      const auto good = tokens_->Verify(token);
      ASSERT_THAT(good, IsOk()) << good.status();
      EXPECT_EQ(good->identity->owner, "login.ana");
      EXPECT_EQ(good->identity->member, "ana");
      EXPECT_EQ(good->identity->bank, "rushey");
      EXPECT_THAT(good->standing->Check(2059'999'999), IsOk());
      EXPECT_EQ(ledger::ReasonOf(good->standing->Check(2060'000'000)), Reason::kKeyExpired);
    }
    now_s_ = 2060;
    EXPECT_EQ(WhyNot(token), Reason::kKeyExpired);
  }
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(R"("exp":1500)", "ben"), "RS256")), Reason::kKeyExpired);
}

// Goal: whatever is not just so is not taken.
TEST_F(TokensTest, OthersAreNotTaken) {
  const std::string good = rsa_.Sign(Claims(), "RS256");
  const Pair stranger("r1", true);
  EXPECT_EQ(WhyNot(stranger.Sign(Claims(), "RS256")), Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(R"("exp":2000)", "ana", R"("other")"), "RS256")), Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(R"("exp":2000)", "ana", R"("timebank")", "https://evil"), "RS256")),
            Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(R"("nbf":1)"), "RS256")), Reason::kKeyUnknown) << "no end";
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(R"("exp":2000,"nbf":1500)"), "RS256")), Reason::kKeyUnknown);
  for (const char* moment : {R"("900")", "1e15", "-1", "null", "[]"}) {
    EXPECT_EQ(WhyNot(rsa_.Sign(Claims(absl::StrCat(R"("exp":2000,"nbf":)", moment)), "RS256")),
              Reason::kKeyUnknown)
        << moment;
  }
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(), "RS256", R"(["b64"])")), Reason::kKeyUnknown)
      << "it asks for something that is not done";
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(R"("exp":2000)", ""), "RS256")), Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot(rsa_.Sign(Claims(R"("exp":2000)", "Ana Smith"), "RS256")), Reason::kKeyUnknown);
  for (size_t at = 0; at < good.size(); at += 7) {
    std::string changed = good;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    if (changed != good) {
      EXPECT_EQ(WhyNot(changed), Reason::kKeyUnknown) << at;
    }
  }
  // The two classics: no signature, and the public key taken for a shared secret.
  const auto part = [](const std::string& json) { return absl::WebSafeBase64Escape(json); };
  EXPECT_EQ(WhyNot(part(R"({"alg":"none"})") + "." + part(Claims()) + "."), Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot(part(R"({"alg":"HS256","kid":"r1"})") + "." + part(Claims()) + "." + part("x")),
            Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot(""), Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot("a.b.c"), Reason::kKeyUnknown);
  EXPECT_EQ(WhyNot(std::string(100'000, 'a')), Reason::kKeyUnknown);
}

// Goal: the provider's keys are read again when their file changes; a broken file changes nothing.
TEST_F(TokensTest, KeysAreReadAgain) {
  const std::string old_token = rsa_.Sign(Claims(), "RS256");
  ASSERT_THAT(tokens_->Verify(old_token), IsOk());
  const auto until = [&](const std::function<bool()>& holds) {
    for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return holds();
  };
  std::ofstream(folder_.path() + "/jwks.json") << "{";
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_THAT(tokens_->Verify(old_token), IsOk());
  const Pair next("r2", true);
  Publish(next.Public());
  const std::string new_token = next.Sign(Claims(), "RS256");
  EXPECT_TRUE(until([&] { return tokens_->Verify(new_token).ok(); }));
  EXPECT_EQ(WhyNot(old_token), Reason::kKeyUnknown) << "its key is gone, remembered or not";
}

// Goal: the file of callers is read, and what is wrong in it is told with its line.
TEST(CallersFileTest, IsReadOrToldWhatIsWrong) {
  const Folder folder;
  const std::string path = folder.path() + "/callers.toml";
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return ReadCallers(path);
  };
  const std::string app = "[[certificate]]\nsan = \"app.example.org\"\nowner = \"app\"\nbank = \"rushey\"\n";
  const auto good = read(app +
                         "role = \"partner\"\nscopes = [\"feed.read\"]\nmay_state_member = true\n"
                         "[[provider]]\nname = \"login\"\nissuer = \"i\"\naudience = \"a\"\njwks = \"f\"\n"
                         "bank = \"oak\"\nrole = \"member\"\n");
  ASSERT_THAT(good, IsOk()) << good.status();
  const Identity& identity = *good->certificates.at("app.example.org");
  EXPECT_EQ(identity.owner, "app");
  EXPECT_EQ(identity.role, v1::ROLE_PARTNER);
  EXPECT_TRUE(identity.may_state_member);
  EXPECT_THAT(identity.scopes, testing::ElementsAre("feed.read"));
  ASSERT_EQ(good->providers.size(), 1u);
  EXPECT_EQ(good->providers[0].member_claim, "sub");

  const auto wrong = [&](const std::string& text) { return std::string(read(text).status().message()); };
  EXPECT_THAT(wrong(app), HasSubstr("role is missing"));
  EXPECT_THAT(wrong(app + "role = \"chair\"\n"), HasSubstr(":5: role must be"));
  EXPECT_THAT(wrong(app + "role = \"unspecified\"\n"), HasSubstr(":5: role must be"));
  EXPECT_THAT(wrong(app + "role = \"operator\"\n"), HasSubstr(":4: bank must be"));
  EXPECT_THAT(wrong(app + "role = \"partner\"\n"), HasSubstr("scopes"));
  EXPECT_THAT(wrong(app + "role = \"partner\"\nscopes = [\"all\"]\n"), HasSubstr(":6: scopes"));
  EXPECT_THAT(wrong(app + "role = \"member\"\n"), HasSubstr("member is missing"));
  EXPECT_THAT(wrong(app + "role = \"broker\"\nroll = 1\n"), HasSubstr(":6: roll is not known"));
  EXPECT_THAT(wrong(app + "role = \"broker\"\n" + app + "role = \"broker\"\n"), HasSubstr("twice"));
  EXPECT_THAT(wrong("[[certificates]]\n"), HasSubstr("only [[certificate]]"));
  EXPECT_THAT(wrong("certificate = 1\n"), HasSubstr("only [[certificate]]"));
  EXPECT_THAT(wrong("[["), HasSubstr(":1: "));
  EXPECT_THAT(ReadCallers(folder.path() + "/none").ok(), false);
}

}  // namespace
}  // namespace timebank::access
