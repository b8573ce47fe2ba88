import assert from "node:assert/strict";
import { encodeErrorSignature, encodeParameters } from "web3-eth-abi";
import { decodeError, tokenAbi, tradeAbi } from "../../chain/codec";
import { revertData } from "../../common/revert-data";
import { revertSentence } from "../../public/errors";
import { METER } from "./fixtures";

const NWT = 10n ** 18n;

/** Revert data as the EVM returns it. */
function revert(name: string, types: string[], values: unknown[]): string {
  return (
    encodeErrorSignature(`${name}(${types.join()})`).slice(0, 10) + encodeParameters(types, values).slice(2)
  );
}

const offerNotOpen = revert("OfferNotOpen", ["uint256"], [3n]);

describe("Revert data", () => {
  const forms: [string, unknown][] = [
    ["geth and anvil", { code: 3, message: "execution reverted", data: offerNotOpen }],
    [
      "MetaMask",
      { code: -32603, message: "Internal JSON-RPC error.", data: { code: 3, data: offerNotOpen } },
    ],
    ["MetaMask, older", { code: -32603, data: { originalError: { code: 3, data: offerNotOpen } } }],
    ["web3", { code: 100, innerError: { code: 3, data: offerNotOpen } }],
    ["ganache", { code: -32000, data: { hash: `0x${"1".repeat(64)}`, result: offerNotOpen } }],
    ["web3, deeper", { cause: { cause: { data: offerNotOpen } } }],
  ];
  for (const [whose, error] of forms)
    it(`is found as ${whose} gives it`, () => assert.equal(revertData(error), offerNotOpen));

  for (const none of [
    null,
    "0x12345678",
    { code: 4001 },
    { data: "0x" },
    { data: "text" },
    { data: { code: 3 } },
  ])
    it(`is not seen in ${JSON.stringify(none)}`, () => assert.equal(revertData(none), null));

  it("of an error that contains itself ends", () => {
    const loop: { cause?: unknown } = {};
    loop.cause = loop;
    assert.equal(revertData(loop), null);
  });
});

describe("A revert in words", () => {
  const rows: [string, string, string, string][] = [
    [
      "OfferNotOpen",
      offerNotOpen,
      "Offer 3 is no longer open: sold out or withdrawn.",
      "판매 3은(는) 끝났습니다. 다 팔렸거나 취소되었습니다.",
    ],
    [
      "ERC20InsufficientBalance",
      revert("ERC20InsufficientBalance", ["address", "uint256", "uint256"], [METER, NWT, 2n * NWT]),
      "You have 1 NWT and need 2 NWT: get tokens first.",
      "잔액은 1 NWT이고 2 NWT이(가) 필요합니다. 먼저 토큰을 받으세요.",
    ],
    [
      "OfferExceeded",
      revert("OfferExceeded", ["uint256", "uint256", "uint256"], [1n, 1_500n, 480n]),
      "Offer 1 has 480 mWh left, less than the 1.5 Wh you asked for.",
      "판매 1에는 480 mWh 남았습니다. 요청한 1.5 Wh보다 적습니다.",
    ],
    [
      "InvalidDeliveryWindow",
      revert("InvalidDeliveryWindow", ["uint256", "uint256", "uint256"], [1n, 60n, 2_592_000n]),
      "The delivery must take from 1 minute to 30 days, not 1 second.",
      "공급 기간은 1분부터 30일까지입니다. 1초은(는) 안 됩니다.",
    ],
    [
      "NotProsumer",
      revert("NotProsumer", ["address", "address"], [METER, METER]),
      "Your account 0xa7F1…BcEC does not sell for meter 0xa7F1…BcEC.",
      "내 계정 0xa7F1…BcEC은(는) 계량기 0xa7F1…BcEC의 판매자가 아닙니다.",
    ],
    [
      "Error(string)",
      revert("Error", ["string"], ["in its own words"]),
      "in its own words",
      "in its own words",
    ],
    [
      "another contract's",
      "0xdeadbeef",
      "The contract refuses it and gives no reason this page can read (0xdeadbeef).",
      "컨트랙트가 거절했지만 이 페이지가 읽을 수 있는 이유를 알려 주지 않았습니다(0xdeadbeef).",
    ],
  ];
  for (const [name, data, en, ko] of rows)
    it(`${name} is told in both languages`, async () => {
      assert.equal(await revertSentence({ code: 3, data }, "en"), en);
      assert.equal(await revertSentence({ code: 3, data }, "ko"), ko);
    });

  it("leaves no placeholder open, whichever custom error it is", async () => {
    const example: Record<string, unknown> = {
      address: METER,
      bytes: "0x1234",
      bytes32: `0x${"1".repeat(64)}`,
      string: "text",
    };
    for (const item of [...tradeAbi, ...tokenAbi]) {
      if (item.type !== "error") continue;
      const types = item.inputs.map((input) => input.type as string);
      const data = revert(
        item.name,
        types,
        types.map((type) => example[type] ?? 60n),
      );
      assert.equal(decodeError(data)?.name, item.name);
      for (const language of ["en", "ko"] as const)
        assert.doesNotMatch((await revertSentence({ data }, language)) ?? "{", /[{}]/, item.name);
    }
  });

  it("is not made of what is no revert", async () => {
    assert.equal(await revertSentence({ code: 4001, message: "User rejected the request." }, "en"), null);
    assert.match(
      (await revertSentence({ code: -32000, message: "execution reverted" }, "en")) ?? "",
      /no reason/,
    );
  });
});
