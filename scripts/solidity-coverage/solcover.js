// Settings of solidity-coverage, run by scripts/coverage.ts.
require("ts-node/register/transpile-only");
module.exports = {
  client: require("./ganache-client.ts"),
  skipFiles: ["interfaces", "test"],
  istanbulReporter: ["json", "text"],
  onServerReady: (config) => {
    // Its own defaults are of a chain before London.
    const network = config.networks[config.network];
    delete network.gas;
    delete network.gasPrice;
  },
  onPreCompile: (config) => {
    // Nothing may optimise away what is injected, not one step (":"); yet without the Yul pipeline's stack layout
    // the stack is too deep.
    config.compilers.solc.settings.viaIR = true;
    config.compilers.solc.settings.optimizer = {
      enabled: false,
      details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: ":" } },
    };
  },
};
