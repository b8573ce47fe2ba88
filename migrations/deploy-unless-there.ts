/** A contract as Truffle gives it to migrations: TypeChain leaves these members out. */
interface Artifact {
  contractName: string;
  /** What the compiler made, with zeros where the constructor writes immutable values. */
  deployedBytecode: string;
  immutableReferences?: Record<string, { start: number; length: number }[]>;
  isDeployed(): boolean;
  /** Truffle's own web3; its global is for the migration files alone. */
  web3: { eth: { getCode(address: string): Promise<string> } };
}

/** Runtime code with the immutable values blanked out. */
function withoutImmutables(code: string, references: Artifact["immutableReferences"]): string {
  let blank = code.toLowerCase();
  for (const { start, length } of Object.values(references ?? {}).flat()) {
    const from = 2 + 2 * start;
    blank = blank.slice(0, from) + "0".repeat(2 * length) + blank.slice(from + 2 * length);
  }
  return blank;
}

/**
 * Deploys a contract, unless the one this network's artifact names is really there, is made of the same code, and
 * `suits`. A chain that was reset, or a contract that was changed, is deployed to again.
 */
export async function deployUnlessThere<Instance, Arguments extends unknown[]>(
  deployer: Truffle.Deployer,
  contract: Truffle.Contract<Instance> & { new: (...args: Arguments) => Promise<Instance> },
  args: Arguments,
  suits: (instance: Instance) => Promise<boolean>,
): Promise<void> {
  const artifact = contract as unknown as Artifact;
  if (artifact.isDeployed()) {
    const code = await artifact.web3.eth.getCode(contract.address);
    const isSame =
      withoutImmutables(code, artifact.immutableReferences) ===
      withoutImmutables(artifact.deployedBytecode, artifact.immutableReferences);
    if (isSame && (await suits(await contract.at(contract.address)))) {
      console.log(`   ${artifact.contractName} is at ${contract.address} already.`);
      return;
    }
  }
  await deployer.deploy(contract, ...args);
}
