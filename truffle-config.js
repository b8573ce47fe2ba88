require("ts-node/register/transpile-only");
module.exports = require("./truffle-config.ts");
