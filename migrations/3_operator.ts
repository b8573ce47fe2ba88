const EnergyTrade = artifacts.require("EnergyTrade");

/** Makes OPERATOR (an address; the deployer when not set) the one who commissions meters. */
export = async (_deployer: Truffle.Deployer, _network: string, accounts: Truffle.Accounts) => {
  const operator = process.env.OPERATOR ?? accounts[0]!;
  if (!/^0x[0-9a-fA-F]{40}$/.test(operator)) {
    throw new Error(`OPERATOR=${operator} is no address: 0x and 40 hex digits.`);
  }
  const trade = await EnergyTrade.deployed();
  const role = await trade.OPERATOR_ROLE();
  if (await trade.hasRole(role, operator)) {
    console.log(`   ${operator} is the operator already.`);
    return;
  }
  await trade.grantRole(role, operator);
  console.log(`   ${operator} commissions meters from now on.`);
};
