/** A child that commits one register after another until it is killed: see store.test.ts. */
import { writeSync } from "node:fs";
import { Store } from "../../server/store";
import { METER, quiet } from "./support";

const store = Store.open(process.argv[2]!, quiet);
// Each run goes on at the next thousand, so that the parent can count this run's commits.
const last = store.journal.registerOf(METER)?.registerMilliWh ?? 0n;
for (let n = (last / 1000n + 1n) * 1000n; ; n++) {
  store.commit(() => {
    store.journal.saveRegister(METER, { registerMilliWh: n, registerRestMicroJoule: 0n }, 0);
    store.history.saveSecond(METER, {
      atS: Number(n),
      volts: 1,
      amperes: 1,
      watts: 1,
      panelWatts: null,
      registerMilliWh: n,
    });
  });
  writeSync(1, `${n}\n`);
}
