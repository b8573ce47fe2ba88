import { type CompiledCode, isSameCode } from "../common/bytecode";

/** A contract as Truffle gives it to migrations: TypeChain leaves these members out. */
interface Artifact extends CompiledCode {
  contractName: string;
  isDeployed(): boolean;
  /** Truffle's own web3; its global is for the migration files alone. */
  web3: { eth: { getCode(address: string): Promise<string> } };
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
    if (isSameCode(code, artifact) && (await suits(await contract.at(contract.address)))) {
      console.log(`   ${artifact.contractName} is at ${contract.address} already.`);
      return;
    }
  }
  await deployer.deploy(contract, ...args);
}
