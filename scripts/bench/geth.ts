/** A two-node geth network for a benchmark: in a folder of its own, on free ports, gone afterwards. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardNetwork } from "../../geth/guard";
import { makeLabNetwork, startNetwork } from "../../geth/network";
import { freePort } from "../embedded-chain";
import { endsWithUs } from "../ending";

export async function startBenchNetwork(): Promise<{ rpcUrl: string; stop(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), "nw-geth-bench-"));
  const release = guardNetwork(dir);
  const remove = () => {
    rmSync(dir, { recursive: true, force: true });
    release();
  };
  endsWithUs("folder of the network", remove);
  try {
    const ports = new Set<number>();
    while (ports.size < 6) ports.add(await freePort());
    const [a, b, c, d, e, f] = [...ports] as [number, number, number, number, number, number];
    makeLabNetwork(dir, {
      places: [
        { peerPort: a, authPort: b, rpcPort: c },
        { peerPort: d, authPort: e, rpcPort: f },
      ],
    });
    const network = await startNetwork(dir);
    const forget = endsWithUs("geth network", () => network.stop());
    const stop = async () => {
      forget();
      await network.stop();
      remove();
    };
    return { rpcUrl: network.rpcUrl, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
