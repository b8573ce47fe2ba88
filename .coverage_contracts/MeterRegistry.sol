// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;
function c_0xe12d0447(bytes32 c__0xe12d0447) pure {}


import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMeterRegistry} from "./interfaces/IMeterRegistry.sol";

/// @notice See `IMeterRegistry`.
abstract contract MeterRegistry is IMeterRegistry, AccessControl, EIP712, Nonces {
function c_0xfb470542(bytes32 c__0xfb470542) internal pure {}

    /// One storage slot.
    struct MeterRecord {
        address prosumer;
        MeterStatus status;
        uint40 soldMilliWh;
        uint40 registerMilliWh;
    }

    /// @inheritdoc IMeterRegistry
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    bytes32 private constant COMMISSION_TYPEHASH = keccak256(
        "Commission(address prosumer,uint64 baselineMilliWh,uint256 nonce)"
    );

    /// By meter.
    mapping(address => MeterRecord) private _meters;

    /// @dev The deployer names the operators.
    constructor() EIP712("neighborwatt", "2") {c_0xfb470542(0x9a7bd1e61fc70087fce8dbc9991e920f67f4a62f15419731cc50add292588c10); /* function */ 

c_0xfb470542(0xd0c817d426b86a8c2bb45c9e1a83e64ffe7fd0b8b8a1d77137cb244d2265662f); /* line */ 
        c_0xfb470542(0xae956fb036bb4b16e1faac749223038c077d6071bbf098c1d5f642e853d90b20); /* statement */ 
_grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @inheritdoc IMeterRegistry
    function commission(
        address meter,
        address prosumer,
        uint64 baselineMilliWh,
        Signature calldata consent
    ) external onlyRole(OPERATOR_ROLE) {c_0xfb470542(0x1a6e61c926d071d5a7b735ecc84d070345db4eb63ab645fa1c2fb575aef3a1a2); /* function */ 

c_0xfb470542(0x67606da01fddd8225907022d2576592e20998305a071f8c301b6166271288e0c); /* line */ 
        c_0xfb470542(0x2c6efea14287e332ff44da134f0d4d84f7220c2f5ab429f3286e86a2a759705a); /* statement */ 
if (!_canSpend(prosumer)) {c_0xfb470542(0x6b161d094ba1f85dfa85f40ee84a010282265909e566de801503044d7390072e); /* branch */ 
revert InvalidProsumer(prosumer);}else { c_0xfb470542(0x1ea5fb0d396f73e9ed8a7cdc0a88a5d50bd255b313e31ce1a06af4358db1a53f); /* branch */ 
}
c_0xfb470542(0x256936328de775c6977ce3f8920cf534be8854f6e09ce0ab6b54a4ee10e52461); /* line */ 
        c_0xfb470542(0xe3e8d7bb7ddfab3feb8299ba08074bfca601bb04314614da435e033ddf2fe300); /* statement */ 
if (_meters[meter].status != MeterStatus.Unknown) {c_0xfb470542(0x7ba51d7c8b4c3671e13d8485e4d17fdd77b41b6f25d6e47f450357539c480634); /* branch */ 
revert MeterAlreadyKnown(meter);}else { c_0xfb470542(0xaf1b66827b928b35011c2e21446092e882cf3e9c4e9ca196d9e9ed617f755083); /* branch */ 
}
c_0xfb470542(0xfe3b7ecbed5441fa23534bc41d1b049b0f98151db856ccefd8c635f1d13ab7db); /* line */ 
        c_0xfb470542(0x539f4b0a5a27e12d1f5ac2edc7a3ae7a37b2926bc4ee166de64e99328f852c45); /* statement */ 
if (baselineMilliWh > type(uint40).max) {c_0xfb470542(0x53bf805998009b1ab76c50ed64a932280772ec5ba1ae48ccafd45153500f8025); /* branch */ 
revert RegisterTooLarge(meter, baselineMilliWh);}else { c_0xfb470542(0x331b9d5394c6b177cbf553316b5d63265467bb16ddc5282a6837db5a9911ce50); /* branch */ 
}
c_0xfb470542(0x4c50c3d186ba70e15d51edb17b157c0402488e624fe588eb0e3a0018a75c8e5d); /* line */ 
        c_0xfb470542(0x1d42d5338a6f2d1aa96fe90ba77b965730e10bf2acae16a9431d6b060cf49a74); /* statement */ 
address signer = _signerOf(hashCommission(prosumer, baselineMilliWh, _useNonce(meter)), consent);
        // Nobody signs for the zero address: it is what a malformed signature recovers to.
c_0xfb470542(0xd1a2b3f48a8c5a0020f181f9c91bc940cd91d496206a28990100830c6fbfc287); /* line */ 
        c_0xfb470542(0xf3afd07abda7d43d4fb450e7d460ec1b0b66079bfe6104f566305c5144203cd1); /* statement */ 
if (signer != meter || meter == address(0)) {c_0xfb470542(0x348a963b29f530b18fc4730140572e0949a2b85ed9dfe9c0471b14f3826a6a43); /* branch */ 
revert ConsentNotByMeter(meter, signer);}else { c_0xfb470542(0xc7d7f600cc6583555d5cb0eb15fce39071115b6ec8152de8800f63c98bad3d95); /* branch */ 
}
c_0xfb470542(0x4932c537f5b6899cfaa3d2fed0ba8ae211ebd1bae0429340be2c45d6fd20da6e); /* line */ 
        c_0xfb470542(0xe178beb65e63feeb9824baba83512ec88d495d252fe84373c4d1a8dd846ad563); /* statement */ 
uint40 baseline = uint40(baselineMilliWh);
c_0xfb470542(0x6152c674c4e7e827225eecc227ca7c70cbee71c70cf7f3c6212efaeb3706102b); /* line */ 
        c_0xfb470542(0x752da4b54ea460e9d073aa79865c156d28c525387492bd78a3c2f9bec0507dfd); /* statement */ 
_meters[meter] = MeterRecord(prosumer, MeterStatus.Commissioned, baseline, baseline);
c_0xfb470542(0x3f42537389e6ed6ce4fe9d4aa10843a2d6390003fd1fc4810ce70001107c8ca4); /* line */ 
        c_0xfb470542(0x6db7eb366c6966dcd674f53b6654b366f1f1d4003f9377ea341a9d1314d7f2fd); /* statement */ 
emit MeterCommissioned(meter, prosumer, baselineMilliWh);
    }

    /// @inheritdoc IMeterRegistry
    function retire(address meter) external onlyRole(OPERATOR_ROLE) {c_0xfb470542(0x58aa24e1313cb211f594b9eeb72e0e3af294b5d1ee2e578a82236bbde6d2ed54); /* function */ 

c_0xfb470542(0x704594ae39d2bbc1db75184a6e8f1458c750041480a3e5ae8fc4afd017128183); /* line */ 
        c_0xfb470542(0x1ebc901b28e7fb35225afd07a7c2060a39b9496c3851abb6b099933766617f2a); /* statement */ 
if (_sellerOf(meter) == address(0)) {c_0xfb470542(0xbc3bd2a2d689ae052949a74f17b9b2f8e490cfc9d02103a287066f7c75f48adc); /* branch */ 
revert MeterNotCommissioned(meter);}else { c_0xfb470542(0x7213dd732d7c2c6b7c9cb97f02d779f865625a19a5875f7ff7367d3c8a87787a); /* branch */ 
}
c_0xfb470542(0x9b95b4b83acb18820fac6aa06f373465e413c27dd08550493b3ebceca8408830); /* line */ 
        c_0xfb470542(0x7f9670ff99eaa0a0a812ecb959d9fb9df5847335fb7202d68c59b4bb194434aa); /* statement */ 
_meters[meter].status = MeterStatus.Retired;
c_0xfb470542(0x777b1eb3852b68a005d69881ac80ec72fef0e55ad328fb0f1071e39e1885780c); /* line */ 
        c_0xfb470542(0x6b39682d527d4cdb8e7d30a57fcfe357dd439db5014809050adb9d5f51e90723); /* statement */ 
emit MeterRetired(meter);
    }

    /// @inheritdoc IMeterRegistry
    function decommission(address meter) external onlyRole(OPERATOR_ROLE) {c_0xfb470542(0xbc87c0abb4b0c81766d9db80466947db1b34bc81cab825a6bc5bbc33a8484c5e); /* function */ 

c_0xfb470542(0xa1a3b1c4fb2a7f64eefa5ad4281fb52576675462c755e813e6663dd7b45091c0); /* line */ 
        c_0xfb470542(0xdfed8d2e7b98255f4cb87d68ba16d2a4a1b287dcbc7fc502a7ad14040df58e08); /* statement */ 
_requireProsumer(meter);
c_0xfb470542(0xf0892957a5482aa443c8ec950e8453dc5f05c940dba82d69c786e83e40a2860f); /* line */ 
        c_0xfb470542(0xfce86a923d1ef1290d5b3f4d1cc3b406f1851e9dc339981f40e17a061d054045); /* statement */ 
MeterRecord storage record = _meters[meter];
c_0xfb470542(0xba9161fea4f8c1d729d5c164cbbeefc219bf802f234de5ff77174a87f15181ea); /* line */ 
        c_0xfb470542(0x2283febb794b43cc9f37e6f4cd4fd8f606fdc859b438cd44c710cfcf0684f5b3); /* statement */ 
record.prosumer = address(0);
c_0xfb470542(0x58065144f453e2991a41a1d6e84ffd1c59ae25cfbd4667ee2fe8eb89fa9e5943); /* line */ 
        c_0xfb470542(0xde5aaca3f724ee420e16bea6ad0e7bdea00b9dd457134c3bbccae74913ed544a); /* statement */ 
record.status = MeterStatus.Decommissioned;
c_0xfb470542(0xd6343a2b027238723bc99d5c1e5ca635bd41c55ed965f4b88fb6d954a081e96b); /* line */ 
        c_0xfb470542(0x6adaa72d0122ff16bd3d8e8d6743b3f29a60e38312cfaff04af008957ca4b120); /* statement */ 
emit MeterDecommissioned(meter);
    }

    /// @inheritdoc IMeterRegistry
    function meterOf(address meter) public view returns (Meter memory) {c_0xfb470542(0xf5483be82db2e051237a538a47ae6597df363631c424e7243361e1c2856312e8); /* function */ 

c_0xfb470542(0xf25df2e748ac91c12be1487227e68eb09608293dfa0a5b17afa18ef90a10d8e6); /* line */ 
        c_0xfb470542(0x9c476e67d4511f7d07608b5955c8255e79fb7b0aed6fbb78126529fa60c4ad61); /* statement */ 
MeterRecord memory record = _meters[meter];
c_0xfb470542(0x82ca517f5e646c9dc0143ceecb9ae6433a06602c8ac69bd93cf3be2d3fee63cd); /* line */ 
        c_0xfb470542(0x0270085bfcfb75c9cb21d75a7e257ad2e2bc2ac2cff64faf28c82320781b2945); /* statement */ 
return Meter(record.prosumer, record.soldMilliWh, record.registerMilliWh, record.status);
    }

    /// @inheritdoc IMeterRegistry
    function hashCommission(
        address prosumer,
        uint64 baselineMilliWh,
        uint256 nonce
    ) public view returns (bytes32) {c_0xfb470542(0x46b7cebdb00035e42be4a2ce94c78430db2043b6e5df98ae113f0f863a873318); /* function */ 

c_0xfb470542(0xda3b45eadee8337abbe0df7c2acc295e570ffbceb3bf4e06d73ab6d6accd378b); /* line */ 
        c_0xfb470542(0xe6b2a3346885a622dec22c7581170c34f16251fef8d1840055d008314af54fc9); /* statement */ 
return _hashTypedDataV4(keccak256(abi.encode(COMMISSION_TYPEHASH, prosumer, baselineMilliWh, nonce)));
    }

    /// Whether money paid to `prosumer` can ever be spent: at this contract it would be in no trade's escrow and lost.
    function _canSpend(address prosumer) internal view virtual returns (bool) {c_0xfb470542(0xbeba5bb58d28f00f9f979b23482d138d08d2fceef426277ea5c4d239fda22afd); /* function */ 

c_0xfb470542(0xad16f48b362c18607bf2cbce508ef1a74cf9fe26fc0f540c49f8ff2c53964046); /* line */ 
        c_0xfb470542(0x5f1d4a07cce8444da7e9a68e760f2786693fd25837fe454363f74afece72345e); /* statement */ 
return prosumer != address(0) && prosumer != address(this);
    }

    /// Adds to what a meter has sold, which its highest register must cover.
    function _count(address meter, uint256 newMilliWh, uint256 register) internal {c_0xfb470542(0xfb9f3cf28934e28c8f2f0ed0480517ff508ce78a8e92cca7a25a55449a29611f); /* function */ 

c_0xfb470542(0xbcc568417c8846d94ceb1ba07a5d30f10ac5a73b6402ef698c4a4cd9e7e5d5f8); /* line */ 
        c_0xfb470542(0xde5c2516713fdefef923a9eeafe197a95c870586073906b6f182eaabd3f7d82e); /* statement */ 
if (register > type(uint40).max) {c_0xfb470542(0x7f4023761bea48d1be9b465cb7f3813bf35e3a9585deb396bdf9d2938153655a); /* branch */ 
revert RegisterTooLarge(meter, register);}else { c_0xfb470542(0x8246308a9d51d22538eef05fee4c2c5736617704c340af2754b3f0bb3663ad02); /* branch */ 
}
c_0xfb470542(0x8c31a3aae6560bf6ba3556655bad159643e40eea15500a7668fe789e8853d1f5); /* line */ 
        c_0xfb470542(0xe4bc84b61eb814a2fd0e81a3091ca22a48ba08cd23f7ae2211eb350e2f622abb); /* statement */ 
MeterRecord storage record = _meters[meter];
c_0xfb470542(0x58580f1d90bc0ca32addf3281d9c9fef86d12845ca9cfe5ba897989f1a8d66d6); /* line */ 
        c_0xfb470542(0x145ec38afaee6e61c96bdaf1bac0e1b16721fd0fea7e54c8ea35a26364a94ca8); /* statement */ 
uint256 sold = record.soldMilliWh + newMilliWh;
c_0xfb470542(0xc6976c882557641c59b70d3af22a8668b82ce06d0a72e24c288893721fb27d12); /* line */ 
        c_0xfb470542(0x6c2faea1bbc9e2de96838835ca956a8347a8e3ca3e56edb7abdd1003d82b20b4); /* statement */ 
if (register < record.registerMilliWh) {c_0xfb470542(0xa9050e69c50290b47c1ea522cfb77d9ee9725f1f933a83cbdc4e0cd9210a530f); /* statement */ 
c_0xfb470542(0x7ddcf5d6285df65cff3ac0f96f64203889580170b87653cf58c420885f0bed8f); /* branch */ 
register = record.registerMilliWh;}else { c_0xfb470542(0x48db38e51029695508d393285ec6ade287f2fda321d479e55a6862bc5cc9e365); /* branch */ 
}
c_0xfb470542(0x8a60c38a3c64ccfae20056a2780c67e34a1807784f233cd5eae913d7299b66fb); /* line */ 
        c_0xfb470542(0xd121d46f75f9804979da616a22fb836b2234045a5b2f545c53b042a04e837b1a); /* statement */ 
if (sold > register) {c_0xfb470542(0x8cb82add2573d9d6cf87153ed2bb7dcccd4db0013a7e1195cbb6ede0e235aa29); /* branch */ 
revert EnergyNotMetered(meter, sold, register);}else { c_0xfb470542(0x7e22356459d372e57897f8829af32e9e9de5e16fd7bf0f2d7eae14620c34f52e); /* branch */ 
}
c_0xfb470542(0x0c4c39cde9c380464f6bfa815b5f71056ddf1c4aad7e7d4de3ef3e12388f945a); /* line */ 
        c_0xfb470542(0x95587fe92525497dff0f2695a412ed311c2e8c7a57033a1c97a2d41443f757dc); /* statement */ 
record.soldMilliWh = uint40(sold);
c_0xfb470542(0x37690d9d002e2ba436e9ad29407d955ccdc4a7e72d0cfabade3c495d2b5fd9ff); /* line */ 
        c_0xfb470542(0x5c327841b648b22c22f44ba22ec547ccc7a61af8b985cde1eb4530a10876d7a6); /* statement */ 
record.registerMilliWh = uint40(register);
    }

    /// The prosumer of a meter whose signatures count: commissioned or retired.
    function _requireProsumer(address meter) internal view returns (address prosumer) {c_0xfb470542(0x7029d571be502de8c38f6bfb33ecda753a22a5b348c65ff0775541d52806be56); /* function */ 

c_0xfb470542(0x3ebe47d001d10d0765dd3960628f92dcd9aa20072c5c674966d24d8ca6dba614); /* line */ 
        c_0xfb470542(0x153ab8866904f09bb036faae1dde45bbf8042ef541231149b4c6e252212e69c5); /* statement */ 
prosumer = _meters[meter].prosumer;
c_0xfb470542(0x5f7467f6851d57c4515817330e78a7456616f9babac1eadd38cbca7659db7d4c); /* line */ 
        c_0xfb470542(0x1a1afde2ba1d74f84db8c9d56c151a1e09515ea6a62da797855e1337c72db224); /* statement */ 
if (prosumer == address(0)) {c_0xfb470542(0xf99a48f8ed5a45bb8490a31869324337111e65ae31d8f96211304840c2e39861); /* branch */ 
revert MeterNotCommissioned(meter);}else { c_0xfb470542(0xe6854a0f743632960fe94bdf389c6dfb08bc036f9b8a999de064c9480033f2c9); /* branch */ 
}
    }

    /// The same; zero for any other meter.
    function _prosumerOf(address meter) internal view returns (address) {c_0xfb470542(0x256d34905d19cabaac543283c25b285dba6595cd719d3b6e49147df6671af2f1); /* function */ 

c_0xfb470542(0x41243306c0bfe6f2a636377044d51f6da03fac13ce377c8d3dd2aad6d3c560a0); /* line */ 
        c_0xfb470542(0xb165f5d019581e473343b34d733d28a98c87107d4e117d7a9a806604c7fe0b31); /* statement */ 
return _meters[meter].prosumer;
    }

    /// The prosumer of a meter that sells: commissioned. Zero for any other.
    function _sellerOf(address meter) internal view returns (address) {c_0xfb470542(0x337bc0a8f664d6bc95f825327ab69f5d7a46793814759a1ff9a08d8fb1a53045); /* function */ 

c_0xfb470542(0xc69dec62a08595f021a3bb387d25ffabd4d901c1cd32408a0b6d37c5419ab449); /* line */ 
        c_0xfb470542(0x4dd0f37e35caaa319e971c081250c94658e89a3c64a4a373cd16083ef56941a2); /* statement */ 
MeterRecord storage record = _meters[meter];
c_0xfb470542(0x4a480d61e6759dab0a9bc865e7bda1a9b36c71cddee904bab1300576849efd23); /* line */ 
        c_0xfb470542(0x14b7dd6c0c851809f6c84f7e878c325b0ff22c18df0b749f44e0c35a2a27eef1); /* statement */ 
return record.status == MeterStatus.Commissioned ? record.prosumer : address(0);
    }

    /// Who signed a digest; zero when it is no signature.
    function _signerOf(bytes32 digest, Signature calldata signature) internal pure returns (address signer) {c_0xfb470542(0xdf1286f0196097d0223bdded58b95d3911aae62ec7f347e7683acb07304cd868); /* function */ 

c_0xfb470542(0x69d3eb2a499d11c94036b94b0a410271a635609e8d397ab07a77f75dd7298280); /* line */ 
        c_0xfb470542(0x08c8d9134a819c3f8281817567950d80a9c45265c15ceade33599e34e7a09fb0); /* statement */ 
(signer, , ) = ECDSA.tryRecover(digest, signature.r, signature.vs);
    }
}
