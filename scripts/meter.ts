/** `npm run meter`: the live display of `meter/cli.ts`, and with `consent` what an operator needs to commission it. */
if (process.argv[2] === "consent") require("./consent");
else require("../meter/cli");
