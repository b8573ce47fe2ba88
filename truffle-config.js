require("./scripts/env-file.cjs").addEnvFile(__dirname);
require("ts-node/register/transpile-only");
module.exports = require("./truffle-config.ts");
