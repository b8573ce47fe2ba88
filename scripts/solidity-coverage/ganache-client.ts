/**
 * Ganache 7 as solidity-coverage 0.7 wants it. That version knows only the long dead ganache-cli 6, whose virtual
 * machine it listens to; Ganache 7 (a part of Truffle) tells the same steps by events, at hardfork London.
 */
import { EventEmitter } from "node:events";
import ganache from "ganache";

/** The hashes that solidity-coverage injects fill 32 bytes; few other values come near. */
const SMALLEST_HASH = 1n << 232n;

export function server() {
  const chain = ganache.server({
    chain: { hardfork: "london", chainId: 4242, networkId: 4242, allowUnlimitedContractSize: true },
    miner: { blockGasLimit: 0x1fffffffffffff },
    logging: { quiet: true },
  });
  const vm = new EventEmitter();
  const listenToSteps = () =>
    chain.provider.on("ganache:vm:tx:step", ({ data }) => {
      const top = data.stack.at(-1);
      // The collector looks at the stack of a PUSH1 alone; what code follows the hash depends on the compiler.
      if (top !== undefined && top >= SMALLEST_HASH)
        vm.emit("step", { opcode: { name: "PUSH1" }, stack: [top] });
    });
  const blockchain = { vm, createVMFromStateTrie: () => vm };
  return {
    listen: (port: number, done: (error?: Error) => void) =>
      void chain
        .listen(port)
        .then(listenToSteps)
        .then(() => done(), done),
    close: (done: (error?: Error) => void) => void chain.close().then(() => done(), done),
    provider: {
      engine: { manager: { state: { blockchain } } },
      sendAsync: chain.provider.sendAsync.bind(chain.provider),
      send: chain.provider.send.bind(chain.provider),
    },
  };
}
