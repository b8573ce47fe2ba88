/** Keeps a chain in a folder, as `npm start` does, for a test that ends it in every way there is. */
import { startEmbeddedChain } from "../../scripts/embedded-chain";
import { end, endsWithUs, listen } from "../../scripts/ending";
import { lockFolder } from "../../scripts/folder-lock";

async function main(folder: string): Promise<void> {
  listen(0);
  const lock = lockFolder(folder, { program: "keeper" });
  endsWithUs("folder", lock.release);
  const chain = await startEmbeddedChain({ keptIn: lock, periodMs: 30, tailBlocks: 2 });
  endsWithUs("chain", () => chain.stop());
  chain.died.then((reason) => {
    console.error(reason);
    return end(1);
  });
  process.on("disconnect", () => void end(0));
  process.send?.({ rpcUrl: chain.rpcUrl, port: chain.port, anvil: chain.pid, notes: chain.notes });
}

main(process.argv[2] as string).catch((error: Error) => {
  console.error(error.message);
  return end(1);
});
