/** Two homes that deliver until their orders end; the process kills itself within that turn: see street.test.ts. */
import { writeSync } from "node:fs";
import { handSigner, METER, OTHER_METER, startStand } from "../server/support";
import { SALE, STREET } from "./street";

const [folder, moment] = process.argv.slice(2) as [string, string];
const die = () => process.kill(process.pid, "SIGKILL");
let isLastTurn = false;

async function main(): Promise<void> {
  const signer = (meter: string) => {
    const { sign } = handSigner(meter);
    return {
      meter,
      sign: (reading: Parameters<typeof sign>[0]) => {
        if (isLastTurn && moment === "signing") die();
        return sign(reading);
      },
    };
  };
  const stand = await startStand(folder, {
    meters: [METER, OTHER_METER],
    signers: [signer(METER), signer(OTHER_METER)],
  });
  const { store, meters, homes } = stand;
  store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
  for (const block of STREET) stand.chain.confirm(...block);
  const { journal } = store;
  const { saveReading } = journal;
  journal.saveReading = (reading) => {
    saveReading.call(journal, reading);
    if (!isLastTurn) return;
    if (moment === "storing the first" && reading.meter === METER) die();
    if (moment === "storing the second" && reading.meter === OTHER_METER) die();
  };
  if (moment === "closed")
    for (const meter of meters) {
      const setRelay = meter.setRelay.bind(meter);
      meter.setRelay = (position) => {
        setRelay(position);
        if (position === "closed" && meter === meters[1]) isLastTurn = true;
      };
    }
  homes.onChange({
    tradesChanged() {
      if (isLastTurn && (moment === "stored" || moment === "closed")) die();
    },
    meterChanged() {},
    sampled() {},
  });
  const tell = () => writeSync(1, `${meters.map(({ registerMilliWh }) => registerMilliWh).join(" ")}\n`);
  tell();
  stand.chain.confirm(...SALE);
  const { turn } = homes;
  for (let i = 1; i <= 20; i++) {
    stand.clock.ms += 100;
    isLastTurn = i === 20;
    homes.turn = () => {};
    for (const meter of meters) meter.sample(1n);
    tell();
    homes.turn = turn;
    homes.turn();
  }
}

void main();
