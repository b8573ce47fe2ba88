// `npm run help`: what each npm script is for and how long it takes. Plain JavaScript without packages, so that it
// answers at once on a fresh machine. The times are rough: a laptop with packages installed and contracts compiled.

/** [script, what it is for, how long it takes], in the order in which a newcomer meets them. */
const SCRIPTS = [
  [
    "start",
    "chain, contracts, meters, server and page: http://localhost:3000; -- --homes 200: that many homes",
    "seconds; minutes the first time; runs until Ctrl-C",
  ],
  ["test", "every test; -- meter server runs some suites only", "half an hour or more; one suite: minutes"],
  ["reset", "deletes the embedded chain, the journal and the meters' keys, to begin anew", "seconds"],
  ["meter", "the meter alone, live; -- consent prints its consent for the operator", "runs until q"],
  [
    "compile",
    "compiles the contracts and their types into build/",
    "up to a minute; nothing changed: seconds",
  ],
  ["build:page", "builds the page into build/", "seconds"],
  ["firmware", "builds the meter's firmware for the Arduino", "seconds"],
  ["check", "types, lint, format and import rules", "about a minute"],
  ["format", "mends the format of every file", "seconds"],
  ["coverage", "which branches of the contracts the tests reach", "minutes"],
  [
    "faults",
    "faults in the middle of deliveries, a table; -- --kills 200: kill -9 of the server at random moments",
    "some eight minutes; 200 kills: some twenty",
  ],
  ["fuzz", "100,000 random steps of the contracts against a model", "minutes"],
  [
    "mutants",
    "makes one fault after the other in a copy of the contracts; fails when no test notices one",
    "half an hour",
  ],
  ["bench:gas", "gas of each call and of a whole trade", "about a minute"],
  ["bench:homes", "processor time of two hundred homes that deliver", "two minutes"],
  ["bench:latency", "time from purchase sealed to relay moved", "minutes"],
  ["bench:page", "size of the page's JavaScript", "seconds"],
  ["bench:restart", "a server with 100,000 closed trades: catching up, start, memory", "minutes"],
  ["bench:throughput", "whole trades a second on two geth nodes", "minutes"],
  ["bench:watchers", "a thousand open pages: from the first to hear of a sample to the last", "two minutes"],
  ["geth:install", "builds the pinned geth and puppeth; needs Go and a C compiler", "minutes, once"],
  ["geth", "the two-node network: -- up, status, console, logs, down", "seconds"],
  ["geth:genesis", "makes the network's genesis anew by puppeth", "seconds"],
  ["synth", "writes the EC2 template, without an account", "seconds; minutes the first time"],
  ["help", "this list", "at once"],
];

const command = (script) => (script === "start" || script === "test" ? `npm ${script}` : `npm run ${script}`);
const width = Math.max(...SCRIPTS.map(([script]) => command(script).length));
for (const [script, purpose, time] of SCRIPTS)
  console.log(`${command(script).padEnd(width)}  ${purpose}\n${" ".repeat(width)}  takes: ${time}`);
