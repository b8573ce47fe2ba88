/** The key of each home's meter, from its file in DATA_DIR. */
import { join } from "node:path";
import { loadMeterKey, type MeterKey } from "../chain/meter-key";
import type { HomeSettings } from "../common/home";
import { type Config, DEVELOPMENT_KEYSTORE_PASSWORD } from "./config";

/**
 * In the order of the homes. A missing file is made.
 * @throws Error that names the file, or two homes whose files hold one key
 */
export async function loadHomeKeys({ homes, dataDir, meterKeystorePassword }: Config): Promise<MeterKey[]> {
  const keys: MeterKey[] = [];
  const first = new Map<string, HomeSettings>();
  for (const home of homes) {
    const key = await loadMeterKey({
      file: join(dataDir, home.meter.keyFile),
      password: meterKeystorePassword,
      createIfMissing: true,
      isPasswordPublic: meterKeystorePassword === DEVELOPMENT_KEYSTORE_PASSWORD,
    });
    const other = first.get(key.meter);
    if (other)
      throw new Error(
        `${home.name} and ${other.name} have the key of one meter, ${key.meter}: ${home.meter.keyFile} is a copy of ` +
          `${other.meter.keyFile}. Remove the copy; a new key is made then.`,
      );
    first.set(key.meter, home);
    keys.push(key);
  }
  return keys;
}
