// Who may import whom (DESIGN.md, "The house"). `npm run check` enforces it; so does CI.
const room = (name, allowed, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: `^${name}/`, pathNot: "^server/(main|own-meters)\\.ts$" },
  to: {
    path: "^(common|chain|bus|market|meter|home|server|public|geth|scripts|test|migrations|build)/",
    pathNot: allowed,
  },
});

module.exports = {
  forbidden: [
    room(
      "common",
      "^(common|build/abi)/",
      "common/ imports nothing of the house; it reads the ABI's types only",
    ),
    room(
      "chain",
      "^(chain|common|build/abi)/",
      "chain/ is a library: it knows no store, no web and no delivery",
    ),
    room(
      "bus",
      "^(bus|chain|common)/",
      "the bus knows keys and signatures, and nothing of homes, store or web",
    ),
    room("meter", "^(meter|common)/", "a meter knows no chain, no web and no trades"),
    room("market", "^(market|chain|common)/", "the market knows no store and no web: it is given both"),
    {
      name: "market-needs-chain-types-only",
      severity: "error",
      comment: "the market folds events, however they were read",
      from: { path: "^market/" },
      to: { path: "^chain/", dependencyTypesNot: ["type-only"] },
    },
    room("home", "^(home|market|chain|common)/", "a home is given its store, its meters and its key"),
    room(
      "server",
      "^(server|home|market|chain|common|build/abi)/",
      "only server/main.ts brings in the meter and the bus",
    ),
    {
      name: "store-knows-no-home",
      severity: "error",
      comment: "what a home keeps is in common/records.ts",
      from: { path: "^server/store/" },
      to: { path: "^home/" },
    },
    room(
      "public",
      "^((public|common|build/abi)/|chain/(codec|signer|checksum)\\.ts$)",
      "the page shares words with the server, and of chain/ what makes bytes: the ABI, a signed transaction, an address",
    ),
    {
      name: "what-the-page-shares",
      severity: "error",
      comment: "what the page takes of chain/ brings nothing else of it along",
      from: { path: "^chain/(codec|signer|checksum)\\.ts$" },
      to: { path: "^chain/" },
    },
    {
      name: "server-main",
      severity: "error",
      comment: "the composition root knows the rooms of the house and none beside it",
      from: { path: "^server/(main|own-meters)\\.ts$" },
      to: { path: "^(public|geth|scripts|test|migrations)/" },
    },
    {
      name: "common-needs-no-package",
      severity: "error",
      comment: "common/ runs anywhere: types of a package may be imported, code may not",
      from: { path: "^common/" },
      to: { dependencyTypes: ["npm", "npm-dev", "core"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "nobody-imports-tests",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "web3-behind-one-module",
      severity: "error",
      comment:
        "web3 4.16 is its last release: it is imported by two files of chain/, for the ABI and for keys",
      from: {
        path: "^(chain|server|public)/",
        pathNot: "^chain/(codec|web3)\\.ts$",
      },
      to: { path: "node_modules/web3(-|/)", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    { name: "not-to-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-undeclared-package",
      severity: "error",
      comment: "a package that is used stands in package.json",
      from: { pathNot: "^geth/ec2/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^geth/ec2/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
    tsConfig: { fileName: "tsconfig.json" },
  },
};
