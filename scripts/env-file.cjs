// Truffle's settings and scripts/bootstrap.mjs are plain JavaScript, so this is too.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { parseEnv } = require("node:util");

/**
 * Adds the settings of the file `.env` in `folder` to the environment of this process, so that every program reads
 * them. A variable that the environment has already is kept. Whether names and values are right is asked in
 * server/config.ts.
 * @param {string} folder where the file is, if there is one
 * @param {(name: string) => boolean} [isWanted] which settings to take; by default all
 */
exports.addEnvFile = (folder, isWanted = () => true) => {
  let text;
  try {
    text = readFileSync(join(folder, ".env"), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (isWanted(name)) process.env[name] ??= value;
  }
};
