/**
 * Two helpers for `truffle console`, where `require("./scripts/console")` brings them: the lesson in
 * docs/truffle-console.md uses both.
 */
import { join } from "node:path";
import { typedData } from "../chain/typed-data";
import { Refusals } from "./refusals";

type Address = string;
/** As far as the console's own web3 (version 1) is used here. */
interface ConsoleWeb3 {
  eth: { getChainId(): Promise<number> };
  currentProvider: {
    send(
      payload: object,
      done: (error: Error | null, answer?: { result?: string; error?: { message: string } }) => void,
    ): void;
  };
}
interface ConsoleTrade {
  address: Address;
  nonces(meter: Address): Promise<{ toString(): string }>;
}

/**
 * A meter's consent to be commissioned, signed by the console's own account of that address (EIP-712): what
 * `EnergyTrade.commission` takes last.
 * @param baselineMilliWh the meter's register now, mWh
 */
export async function consentOf(
  web3: ConsoleWeb3,
  trade: ConsoleTrade,
  meter: Address,
  prosumer: Address,
  baselineMilliWh: number | string = 0,
): Promise<{ r: string; vs: string }> {
  const domain = { chainId: await web3.eth.getChainId(), trade: trade.address };
  const message = {
    prosumer,
    baselineMilliWh: String(baselineMilliWh),
    nonce: (await trade.nonces(meter)).toString(),
  };
  const params = [meter, JSON.stringify(typedData(domain, "Commission", message))];
  const signature = await new Promise<string>((resolve, reject) => {
    web3.currentProvider.send(
      { jsonrpc: "2.0", id: 1, method: "eth_signTypedData_v4", params },
      (error, answer) => {
        if (answer?.result) resolve(answer.result);
        else reject(error ?? new Error(answer?.error?.message ?? "the console cannot sign for this account"));
      },
    );
  });
  // 65 bytes (r, s, 27 or 28) as ERC-2098's 64: the last byte becomes the top bit of s.
  const parity = BigInt(`0x${signature.slice(130)}`) - 27n;
  const vs = BigInt(`0x${signature.slice(66, 130)}`) | (parity << 255n);
  return { r: signature.slice(0, 66), vs: `0x${vs.toString(16).padStart(64, "0")}` };
}

const refusals = new Refusals(process.env.ARTIFACTS_DIR ?? join(__dirname, "..", "build", "contracts"));

/**
 * Why a contract refuses: the custom error by its name with its values, such as `OfferNotOpen(offerId: 99)`. Takes
 * a `.call(…)` or `.estimateGas(…)`, which change nothing, or a transaction.
 * @throws what the call failed with, where no contract refused it
 */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "not refused";
  } catch (failure) {
    const name = refusals.nameOf(failure);
    if (name === null) throw failure;
    return name;
  }
}
