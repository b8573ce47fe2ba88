import assert from "node:assert/strict";
import { tokenAbi, tradeAbi } from "../../chain/codec";
import { dictionaries, firstLanguage, type Key, LANGUAGES, translator } from "../../public/i18n";
import { NOTICE_NAMES } from "../../public/notices";

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("The dictionaries", () => {
  it("have the same keys in every language", () => {
    const keys = Object.keys(dictionaries.en).sort();
    for (const language of LANGUAGES) assert.deepEqual(Object.keys(dictionaries[language]).sort(), keys);
  });

  it("have the same placeholders in every language", () => {
    for (const [key, text] of Object.entries(dictionaries.en))
      assert.deepEqual(placeholders(dictionaries.ko[key as Key]), placeholders(text), key);
  });

  it("say something for every key, in the language's own script", () => {
    for (const language of LANGUAGES)
      for (const [key, text] of Object.entries(dictionaries[language])) {
        assert.notEqual(text.trim(), "", `${language} ${key}`);
        const isKorean = /[가-힣]/.test(text.replace(/\{\w+\}/g, ""));
        const isShared = /^language\./.test(key) || placeholders(text).length > 0;
        if (!isShared)
          assert.equal(isKorean, language === "ko" || key === "language.ko", `${language} ${key}`);
      }
  });

  it("have one sentence for every custom error of both contracts, with the error's own arguments", () => {
    for (const item of [...tradeAbi, ...tokenAbi]) {
      if (item.type !== "error") continue;
      const text = dictionaries.en[`error.${item.name}`];
      assert.ok(text, `no sentence for ${item.name}`);
      const known = item.inputs.map((input) => input.name as string);
      for (const name of placeholders(text)) assert.ok(known.includes(name!), `${item.name} has no ${name}`);
    }
  });

  it("have a title and a text for every notice", () => {
    for (const name of NOTICE_NAMES)
      for (const part of ["title", "text"] as const)
        assert.ok(dictionaries.en[`notice.${name}.${part}`], name);
  });

  it("fill placeholders and leave an unknown one to be seen", () => {
    assert.equal(translator("en")("offers.remaining", { remaining: "2 Wh" }), "2 Wh left");
    assert.equal(translator("ko")("offers.remaining", { remaining: "2 Wh" }), "2 Wh 남음");
    assert.equal(translator("en")("offers.remaining"), "{remaining} left");
  });
});

describe("The first language", () => {
  const rows: [string | null, string[], "en" | "ko"][] = [
    ["ko", ["en-US"], "ko"],
    ["en", ["ko-KR"], "en"],
    [null, ["ko-KR", "en"], "ko"],
    [null, ["de", "ko"], "ko"],
    [null, ["en-GB", "ko"], "en"],
    [null, ["de"], "en"],
    [null, [], "en"],
    ["xx", ["ko"], "ko"],
  ];
  for (const [stored, preferred, expected] of rows)
    it(`is ${expected} when ${stored ?? "nothing"} is kept and the browser asks for [${preferred}]`, () => {
      assert.equal(firstLanguage(stored, preferred), expected);
    });
});
