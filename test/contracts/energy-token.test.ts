import { encodeParameters } from "web3-eth-abi";
import { keccak256 } from "web3-utils";
import { BASE_UNITS } from "../../common/units";
import { type Event, eventsOf, refuses, rpc } from "../support/contracts/chain";
import { meterWithKey, NWT, newWorld, SUPPLY, signDigest, type World } from "../support/contracts/world";

const EnergyToken = artifacts.require("EnergyToken");
const Attacker = artifacts.require("Attacker");

describe("EnergyToken", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
  });

  it("issues its whole supply to itself and sells from it", async () => {
    const { token, buyer } = world;
    assert.equal(await token.name(), "neighborwatt");
    assert.equal(await token.symbol(), "NWT");
    assert.equal((await token.decimals()).toString(), "18");
    assert.equal((await token.totalSupply()).toString(), SUPPLY.toString());
    assert.equal((await token.tokensPerEther()).toString(), "1000");
    assert.equal(await world.balance(token.address), SUPPLY - 1000n * NWT);
    assert.equal(await world.balance(buyer), 1000n * NWT);
    assert.equal((await token.circulation()).toString(), (1000n * NWT).toString());
    assert.equal(await web3.eth.getBalance(token.address).then(String), BASE_UNITS.toString());
  });

  it("sells base units for each wei, one wei included", async () => {
    const { token, stranger } = world;
    const sale = await token.sendTransaction({ from: stranger, value: "1" });
    assert.deepEqual(eventsOf(sale as unknown as Truffle.TransactionResponse<Truffle.AnyEvent>), [
      ["Transfer", { from: token.address, to: stranger, value: 1000n }],
      ["TokensSold", { buyer: stranger, etherPaid: 1n, tokens: 1000n }],
    ] satisfies Event[]);
  });

  const redemptions: [tokens: bigint, etherPaid: bigint][] = [
    [1000n, 1n],
    [1999n, 1n],
    [2000n, 2n],
    [999_999n, 999n],
    [1000n * NWT, NWT],
  ];
  for (const [tokens, etherPaid] of redemptions) {
    it(`redeems ${tokens} base units for ${etherPaid} wei, rounded down`, async () => {
      const { token, buyer } = world;
      const reserve = BigInt(await web3.eth.getBalance(token.address));
      const redemption = await token.redeem(tokens.toString(), { from: buyer });
      assert.deepEqual(eventsOf(redemption), [
        ["Transfer", { from: buyer, to: token.address, value: tokens }],
        ["TokensRedeemed", { holder: buyer, tokens, etherPaid }],
      ] satisfies Event[]);
      assert.equal(BigInt(await web3.eth.getBalance(token.address)), reserve - etherPaid);
    });
  }

  it("refuses what is worth nothing, or more than it has", async () => {
    const { token, buyer, stranger } = world;
    const small = await EnergyToken.new("10000", "1000");
    const pay = (to: string, value: number) =>
      web3.eth.call({ from: stranger, to, value: web3.utils.toHex(value) });
    await refuses(pay(small.address, 0), "NoEtherSent");
    await refuses(pay(small.address, 11), "SupplyExhausted", 11_000n, 10_000n);
    await small.sendTransaction({ from: stranger, value: "10" });
    await refuses(pay(small.address, 1), "SupplyExhausted", 1000n, 0n);
    await refuses(token.redeem.call("999", { from: buyer }), "RedemptionTooSmall", 999n);
    await refuses(token.redeem.call("0", { from: buyer }), "RedemptionTooSmall", 0n);
    await refuses(
      token.redeem.call("1000", { from: stranger }),
      "ERC20InsufficientBalance",
      stranger,
      0n,
      1000n,
    );
    const { bytecode } = EnergyToken as unknown as { bytecode: string };
    const data = bytecode + encodeParameters(["uint256", "uint256"], [1n, 0n]).slice(2);
    await refuses(rpc("eth_call", { from: stranger, data }, "latest"), "InvalidRate", 0n);
  });

  it("takes a signed permit in place of an approval, once", async () => {
    const { token, trade, stranger } = world;
    const owner = meterWithKey(0x22);
    const typehash = keccak256(
      "0x" +
        Buffer.from(
          "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
        ).toString("hex"),
    );
    const deadline = 2n ** 40n;
    const permit = encodeParameters(
      ["bytes32", "address", "address", "uint256", "uint256", "uint256"],
      [typehash, owner.address, trade.address, 5n, 0n, deadline],
    );
    const digest = keccak256(
      `0x1901${(await token.DOMAIN_SEPARATOR()).slice(2)}${keccak256(permit).slice(2)}`,
    );
    const signature = signDigest(digest, owner.privateKey);
    // ERC-2612 takes the three parts apart.
    const vs = BigInt(signature.vs);
    const s = (vs & (2n ** 255n - 1n)).toString(16).padStart(64, "0");
    const parts = [27 + Number(vs >> 255n), signature.r, `0x${s}`] as const;
    const given = await token.permit(owner.address, trade.address, "5", deadline.toString(), ...parts, {
      from: stranger,
    });
    assert.deepEqual(eventsOf(given), [
      ["Approval", { owner: owner.address, spender: trade.address, value: 5n }],
    ] satisfies Event[]);
    assert.equal((await token.allowance(owner.address, trade.address)).toString(), "5");
    const again = token.permit.call(owner.address, trade.address, "5", deadline.toString(), ...parts);
    const error = await again.then(
      () => undefined,
      (reason: Error) => reason,
    );
    assert(error, "a permit was taken twice");
    await refuses(
      token.permit.call(owner.address, trade.address, "5", "0", ...parts),
      "ERC2612ExpiredSignature",
      0n,
    );
  });

  it("pays a contract that enters again while it is paid no more than its own tokens are worth", async () => {
    const { token, stranger } = world;
    const attacker = await Attacker.new({ from: stranger });
    const call = (data: string, value = "0") => ({ target: token.address, value, data });
    const redeem = call(token.contract.methods.redeem("600000").encodeABI());
    await attacker.execute([call("0x", "1000")], { from: stranger, value: "1000" });
    await attacker.prepare([redeem], { from: stranger });
    await attacker.execute([redeem], { from: stranger });

    assert.equal((await attacker.receipts()).toString(), "1");
    assert.equal((await attacker.reentered()).toString(), "0");
    assert.equal(await world.balance(attacker.address), 400_000n);
    assert.equal(await web3.eth.getBalance(attacker.address).then(String), "600");
  });
});
