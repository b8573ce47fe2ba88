// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;
function c_0x2f787b40(bytes32 c__0x2f787b40) pure {}


import {IERC1363Receiver} from "@openzeppelin/contracts/interfaces/IERC1363Receiver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MeterRegistry} from "./MeterRegistry.sol";
import {IEnergyTrade} from "./interfaces/IEnergyTrade.sol";

/// @notice See `IEnergyTrade`.
contract EnergyTrade is IEnergyTrade, MeterRegistry, IERC1363Receiver {
function c_0x44b31333(bytes32 c__0x44b31333) internal pure {}

    // Every record is one storage slot. What a trade shares with its offer is read from the offer.

    /// What of an offer never changes, and is all that a settlement reads of it.
    struct Terms {
        address meter;
        uint96 pricePerKWh;
    }

    struct Stock {
        uint32 remainingMilliWh;
        uint32 deliveryWindow;
        uint32 tradeCount;
        uint32 smallestOrderMilliWh;
    }

    struct TradeRecord {
        address buyer;
        uint32 orderedMilliWh;
        uint32 deliveredMilliWh;
        uint32 deadline;
    }

    /// @inheritdoc IEnergyTrade
    uint64 public constant MIN_DELIVERY_WINDOW = 60 seconds;
    /// @inheritdoc IEnergyTrade
    uint64 public constant MAX_DELIVERY_WINDOW = 30 days;
    /// @inheritdoc IEnergyTrade
    // Named as the two bounds beside it, which are constants.
    // solhint-disable-next-line immutable-vars-naming
    uint64 public immutable GRACE_PERIOD;

    uint64 private constant MIN_GRACE_PERIOD = 1 minutes;
    uint64 private constant MAX_GRACE_PERIOD = 30 days;
    uint256 private constant TRADES_PER_OFFER = 1_000_000;
    bytes32 private constant READING_TYPEHASH = keccak256(
        "Reading(uint256 tradeId,address buyer,uint64 orderedMilliWh,uint64 deadline,"
        "uint64 deliveredMilliWh,uint64 registerMilliWh,bool isFinal)"
    );

    /// @inheritdoc IEnergyTrade
    IERC20 public immutable token;
    /// @inheritdoc IEnergyTrade
    uint256 public offerCount;

    /// By offer id.
    mapping(uint256 => Terms) private _terms;
    /// By offer id.
    mapping(uint256 => Stock) internal _stocks;
    /// By trade id.
    mapping(uint256 => TradeRecord) private _trades;

    /// @param token_ an `EnergyToken`: it reverts where it cannot transfer @param gracePeriod see `GRACE_PERIOD`
    constructor(IERC20 token_, uint64 gracePeriod) {c_0x44b31333(0x45960e6da90ad5cd55096f9c285ba95895b3468a4e865a491e630ab578f04be0); /* function */ 

c_0x44b31333(0x1d504b5b2694f466526f639b6c17c02b02a050bea52f8e0e7e46f563c7cdc776); /* line */ 
        c_0x44b31333(0x593291128cd054e9bdb5b77da92c245437e8971a977a976587a41353c906c119); /* statement */ 
if (gracePeriod < MIN_GRACE_PERIOD || gracePeriod > MAX_GRACE_PERIOD)
            {c_0x44b31333(0xd0b8dde8bfd627f3e240d5d65fb2c5c3e1b49d475ae14947ee6d16e9088eecde); /* branch */ 
c_0x44b31333(0x898ae46a6a8c1603a487ffd3fe77fe6c5da105a37ed64a2ccd6b31f63c77a4ea); /* line */ 
revert InvalidGracePeriod(gracePeriod, MIN_GRACE_PERIOD, MAX_GRACE_PERIOD);}else { c_0x44b31333(0xafdaf87753e0ff55b64ce88fdc500a2998a1e015c37dfc9b4f426d6838821a45); /* branch */ 
}
c_0x44b31333(0xf00008d826bf1202babe40a64806b2cb3a06d2499f97be0fc1193be9b072b1dd); /* line */ 
        c_0x44b31333(0x05985fec5ee5cef121ee5a735f860906742c00a267b6d69082f36d5c18cb6f07); /* statement */ 
token = token_;
c_0x44b31333(0x6a374626667b7d2f2ec6ea4dee7b20becebe97c2a35f2cabd4d4aa8298c838da); /* line */ 
        c_0x44b31333(0x23e08e901ddad2850d21423d7d9f225d5afc2f5433b6732ed3cda4605796c8a4); /* statement */ 
GRACE_PERIOD = gracePeriod;
    }

    // ---------------------------------------------------------------- the seller

    /// @inheritdoc IEnergyTrade
    function listOffer(
        address meter,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow,
        uint64 smallestOrderMilliWh
    ) external returns (uint256 offerId) {c_0x44b31333(0x3687eee8c5bcf2d36cee611751e96c4a7c29571d24ac506907d49f3498dca910); /* function */ 

c_0x44b31333(0x71195f29eee86cf938672f2af48481ff96f29b267af6159ef81fde710059257b); /* line */ 
        c_0x44b31333(0x00601d3a47dd5d98de307979b1eaf9e47f10104d529ddfdcf17dfff0eb35c0d8); /* statement */ 
address prosumer = _sellerOf(meter);
c_0x44b31333(0x2ef2c1e66ba7f96c6634ff71293bf736fb99ae3e770574de4c2a69312c587d0f); /* line */ 
        c_0x44b31333(0x98aaa13e549b65cf752418c4c5e9fa45e916c968d154a06cb364424a188d28e0); /* statement */ 
if (prosumer == address(0)) {c_0x44b31333(0x2dfd1df94b3f383cc0c6fab8ff677b9e10dfb5221a107ed8c2208b91eac8600d); /* branch */ 
revert MeterNotCommissioned(meter);}else { c_0x44b31333(0xf9311857a1ea7f3998192749de15e9a5a633ae89186388303ff989a9b94c484e); /* branch */ 
}
c_0x44b31333(0x4e02b2f1e0752695b39cd98a7ce246e7a892ce8298945fe15c58c5591d9992a1); /* line */ 
        c_0x44b31333(0xd487f1891a2bbc40aa4e0ec302bb7345bad014f2c0beecdaf3680a3d6b46d014); /* statement */ 
if (msg.sender != prosumer) {c_0x44b31333(0x66f310ce857dfb37ab4b331389b46b01c375252351e0cb8eaea04ae242f8df9e); /* branch */ 
revert NotProsumer(meter, msg.sender);}else { c_0x44b31333(0xe07d8944cf326dc5779cce9a2bda4948f9c376f02a186cc6251722e354c638b1); /* branch */ 
}
c_0x44b31333(0xac39941e0affcdddc7aabd600d0505686597c9e256987fe2570e0a93cf6e06b9); /* line */ 
        c_0x44b31333(0xc6efe118064218f56cd4896c03cbb2d21ba281c3dcd79dbbf8a797d2177f8d92); /* statement */ 
if (milliWh == 0 || milliWh > type(uint32).max) {c_0x44b31333(0x543a905f206cb49501f4398015e5c85803b76cce7b5757027a5676ca9d82230a); /* branch */ 
revert InvalidQuantity(milliWh);}else { c_0x44b31333(0x9412cd055b851eb1368c88929aaa911b24ba7e49932c862a6cc3740e022158c1); /* branch */ 
}
c_0x44b31333(0x3bcc968892757e23e1b869e186e33457e14daf736f4ae924a8226cfb14d1645d); /* line */ 
        c_0x44b31333(0x324bd13af09da3538568b36ba5f78b7f099be8729ee7f129683ad6b49dbf5100); /* statement */ 
if (pricePerKWh == 0 || pricePerKWh > type(uint96).max) {c_0x44b31333(0x423c9901b919d334450c23d686f059d9f55843e96aae0798e12ed7ee2bed02b4); /* branch */ 
revert InvalidPrice(pricePerKWh);}else { c_0x44b31333(0xcb7df8149081f0ff818eda64104ab628fb4069863e59684e6da0c2bf695cc35a); /* branch */ 
}
c_0x44b31333(0x53960069a278724c772fe1f87c10197b89209ff7ad143cb68af2c20b9ee988b9); /* line */ 
        c_0x44b31333(0x78d5aa90a6c6b305f0b29eafa747f134d546c446d958f5c272becce0b80bffe5); /* statement */ 
if (deliveryWindow < MIN_DELIVERY_WINDOW || deliveryWindow > MAX_DELIVERY_WINDOW)
            {c_0x44b31333(0x72272ddb00664f7da48a2889a49e539741297e64ccaed7a9bd82b6a053db215f); /* branch */ 
c_0x44b31333(0x8a16f5ba198c34fe61bc04308ca6c2b72de29a870529159af4c39140c018bb27); /* line */ 
revert InvalidDeliveryWindow(deliveryWindow, MIN_DELIVERY_WINDOW, MAX_DELIVERY_WINDOW);}else { c_0x44b31333(0x40cf462655c9beed1e2fce0a2028a4ba22aa0327ec707a4bce24fffe653c4d72); /* branch */ 
}
c_0x44b31333(0x8a4548c98d2d14309020e170e849e874f626dbde2d158071ece2225146fc222c); /* line */ 
        c_0x44b31333(0xddd4761e20489c112bf74bc91e79e9154ed2f645e4785e0ea8b0d779963cbdc6); /* statement */ 
if (smallestOrderMilliWh == 0 || smallestOrderMilliWh > milliWh)
            {c_0x44b31333(0xa3eae94bc3d75d8920c6d84ef3166ff0d2cd0e766e7ef6c21e80c8f4f60c7e21); /* branch */ 
c_0x44b31333(0x4b997be776ad79a84b1944bd342a1a12d064ee47e580ef2b5a900e317c16e1ac); /* line */ 
revert InvalidSmallestOrder(smallestOrderMilliWh, milliWh);}else { c_0x44b31333(0xd0780ff4f43d0d7f8048f677e09cd3ad9427549ff8ca77db45707d0b2065d51a); /* branch */ 
}

c_0x44b31333(0x2c9543738fd9127200ccefe728ae3b8b777dd6ac87f1024302d78c25e66c9899); /* line */ 
        c_0x44b31333(0xfdf52b3a0a0070b2a32ffd81e2a75b7718fa32802e1be9a85aaf5ed4dcecef86); /* statement */ 
offerId = ++offerCount;
c_0x44b31333(0x1dd04d31082a595c15b605d4a879d1a28f267a2f02a79ffd6a0bae93b06c3731); /* line */ 
        c_0x44b31333(0x94fa7665b3e1e4ff033824ed0750dbcb13f33c918fdb50bad58ea6635920d6c1); /* statement */ 
_terms[offerId] = Terms(meter, uint96(pricePerKWh));
c_0x44b31333(0x196bbd80f4c849c3bf10c175b7e3da647d77ffb5da9f18777bd49b331c3424e3); /* line */ 
        c_0x44b31333(0x36339c77c352726763999ae22e4fc8d719cf3bc60ede2f4c38c1adb83e7f6318); /* statement */ 
_stocks[offerId] = Stock(uint32(milliWh), uint32(deliveryWindow), 0, uint32(smallestOrderMilliWh));
c_0x44b31333(0x62103a3e92d031151ad4d2807689aa71fd910d7232dbd9cd4c58ad7202f3eee4); /* line */ 
        c_0x44b31333(0xcd3981393a43117919631a7250831862cd2936c369f24251e564376ecafb0320); /* statement */ 
emit OfferListed(
            offerId,
            meter,
            prosumer,
            milliWh,
            pricePerKWh,
            deliveryWindow,
            smallestOrderMilliWh
        );
    }

    /// @inheritdoc IEnergyTrade
    function withdrawOffer(uint256 offerId) external {c_0x44b31333(0x98e4aad4454db20423b9460cf4bcb7a31987251c297083f2221a98f395acb43a); /* function */ 

c_0x44b31333(0x93beb0e1436b18b22cb129de0fefcb45cf0b44aab1ecfc64714670b4984d0739); /* line */ 
        c_0x44b31333(0x04403e6a23205fbe9926ab436f49d71de82f87a268f43c426183913958f4b7de); /* statement */ 
address meter = _terms[offerId].meter;
c_0x44b31333(0x46906b0c4faab645386a611426805a055bee768ab3dec41d2ffc4638e952ae52); /* line */ 
        c_0x44b31333(0x6b043ad8ed508052560a246bab34bf8a6c6cb56efa3a00d72713dd81046f0176); /* statement */ 
address prosumer = _sellerOf(meter);
c_0x44b31333(0xde0e19f47590831ef91b4a7a1e758bbb5e345fa02f0ef8744cad88c5b9340fe2); /* line */ 
        c_0x44b31333(0xb0b785d66cbe166a428eda59779782a63c4a9d9de528b16df3b212f028e61384); /* statement */ 
uint64 remaining = _stocks[offerId].remainingMilliWh;
c_0x44b31333(0x2dd1ad0455f768446745a609a8044aa48a9aa924b59380630a59335f8859a9f4); /* line */ 
        c_0x44b31333(0x5d49d878da8520f3073e57a94f9b83b0556c3aa0757496ddf058a4c1967552f9); /* statement */ 
if (remaining == 0 || prosumer == address(0)) {c_0x44b31333(0x4774e6d5753783a8be191f1c8971855e0ffaa6ced644dec3ae14f31135b6c049); /* branch */ 
revert OfferNotOpen(offerId);}else { c_0x44b31333(0x66ca950a6cbcedee0f7a675363fa40ba89a3d8a657d29dfe85b81a6447e72f7b); /* branch */ 
}
c_0x44b31333(0xbbb1bfc92ef0eefbe25d3f9706f93e9e88ff785dd7f3519991b70b4fb5fdebdc); /* line */ 
        c_0x44b31333(0x477a76fcc3353b157c6f6c32d614e39e14a455d7213721127ad0fb5a6229f0c2); /* statement */ 
if (msg.sender != prosumer) {c_0x44b31333(0x267253b0cb42fff58e5aa7164e3eac214923b5a295a23143bc7de611a158caa5); /* branch */ 
revert NotProsumer(meter, msg.sender);}else { c_0x44b31333(0xb2341f74416eb56eda2956164263ed8e81e7601a38f76e50c3dfbb9fc75b0f72); /* branch */ 
}
c_0x44b31333(0x91a9629221a3255958fabc2f595db37fc0684790bd7b07653e49a09601d64371); /* line */ 
        c_0x44b31333(0xab2c7c52b2ce466c6d4eb65f7ee9843354148dbc0f7d9daedaff9be8f56569f0); /* statement */ 
_stocks[offerId].remainingMilliWh = 0;
c_0x44b31333(0xcb8bc236b85f5750ae60ac5dbd1c31af5ae175a8a05b548a4a1bfb3a3d7b67c2); /* line */ 
        c_0x44b31333(0xe4df837d378e7a3294f0c9692fde8737e6f50ecf02edb8b28aeaa82210e7b491); /* statement */ 
emit OfferWithdrawn(offerId, remaining);
    }

    // ---------------------------------------------------------------- the buyer

    /// @inheritdoc IEnergyTrade
    function purchase(
        uint256 offerId,
        uint64 milliWh,
        uint256 maxPayment
    ) external returns (uint256 tradeId) {c_0x44b31333(0x4cc49f4fdf99b8b69df46c440e9121b68ec008e881618c5b175009bea4cc5bad); /* function */ 

c_0x44b31333(0x894926e01e7db815569a03d42fea4e08bf5aab0245aee80e4e2c7f8a3d98a2d6); /* line */ 
        c_0x44b31333(0x736b36495dd86a6e335f2b94f3bb4f1335924ecd1cad997f8abc6464e0b6dbed); /* statement */ 
uint256 payment;
c_0x44b31333(0xc6b1195c7903d7d0eb219f7e41ff40cca3dc4d7483a67e16fe1ab9e97e35b596); /* line */ 
        c_0x44b31333(0x7a0afb908e5e4365197be867aba8e9e69c3504e7a40941f04d25929a29771627); /* statement */ 
(tradeId, payment) = _open(msg.sender, offerId, milliWh);
c_0x44b31333(0xe4194a4815f80b16c2dfec6de289e14ad32cbd3e849393f518b6bce74309f2dc); /* line */ 
        c_0x44b31333(0x23201d159345e1f64f69df8bf8df2d01ce530c772849e0571a1c1fb96108578c); /* statement */ 
if (payment > maxPayment) {c_0x44b31333(0x3bf1b4ffc6f2f7d6c1478273ed945e6eaab3f6e61370d77e3646a0db56cc4bec); /* branch */ 
revert PaymentExceedsMaximum(offerId, payment, maxPayment);}else { c_0x44b31333(0xcfbb3a1b24913d3e8c19878c0c6e340f8584673c7d35d2f2d94bfdf5b59935b1); /* branch */ 
}
c_0x44b31333(0xae09631b7671a0c5f8ad85624e312c489da19f64493aa59beef1409b140fa12f); /* line */ 
        c_0x44b31333(0x45af5a51578a693660cddcba11c6664480d1d9911f38399f4ae2ad5555c3d806); /* statement */ 
token.transferFrom(msg.sender, address(this), payment);
    }

    /// @notice The purchase by `transferAndCall`: `data` is `abi.encode(uint256 offerId, uint64 milliWh)`.
    function onTransferReceived(
        address,
        address from,
        uint256 value,
        bytes calldata data
    ) external returns (bytes4) {c_0x44b31333(0x4e70f36528f0d7b047f5a1ed2d0f9c590360c65520666ecb20c0523075d89f41); /* function */ 

c_0x44b31333(0x9b7bd35222fac7a924e5f1aa1c302fada3f7a702183a21e41f0b68a9d3e52e93); /* line */ 
        c_0x44b31333(0x518db140c8d40570d07ba94033e20593b282ff2cf33db4226d72b267a5aac4b4); /* statement */ 
if (msg.sender != address(token)) {c_0x44b31333(0x6f5319bd53b33a7bdb0227070ad00be6f0b87209fe8e0f36fc54bd5345614dcb); /* branch */ 
revert WrongToken(msg.sender);}else { c_0x44b31333(0xc86e2a0b6b408cfddd8e450b6202ac54b62e66716f5720f34956f0637d778d8b); /* branch */ 
}
c_0x44b31333(0xb0d02852868adaf5026c9fed590132af6bd00dce370cef411b175136d1c10dc4); /* line */ 
        c_0x44b31333(0xebaab5ca85bcc4feeea78a03b8eaee913d4b63a2ddd4b5a8fc9b0e4e7897e7e3); /* statement */ 
if (data.length != 64) {c_0x44b31333(0xf92ce2eabbef178eff2929c749c67a87f86cff6a2803b2f5f66fc1db63baed94); /* branch */ 
revert InvalidPurchaseData(data);}else { c_0x44b31333(0x28a9407b6580e7ce8b5afdc6e436454906e4c49347094b8244dd01e9fe4d368f); /* branch */ 
}
c_0x44b31333(0x881dd9d17e912152e5796bdbe320cb6de245556c5dfcf122d038b79b07437e5a); /* line */ 
        c_0x44b31333(0x728b280433c288e778f50236fe2d1abd578279486c3ce2c6a4e60a24047828b6); /* statement */ 
(uint256 offerId, uint256 milliWh) = abi.decode(data, (uint256, uint256));
c_0x44b31333(0x45bbb6053a08844abe6f547eb1fab9889bbed4424ae488fb0ab75fb55a26557d); /* line */ 
        c_0x44b31333(0xaa5070895477d18bab1754dafc665f9277c2687f4083f3519fbcd683f79cfc1c); /* statement */ 
(, uint256 payment) = _open(from, offerId, milliWh);
c_0x44b31333(0xa6aea18ea366c031d257fe2810a229a6b0618e2009b082ba9f20c8de59429530); /* line */ 
        c_0x44b31333(0x894d713cee7cb8f313d4e14a50a7d8a2c4c2c57b89b99877bc82590c28fefd4b); /* statement */ 
if (value != payment) {c_0x44b31333(0xb13f4968ec03a2f192e8d11062b70c762f706237b8547c9b75b54a8ff49fab54); /* branch */ 
revert WrongPayment(offerId, payment, value);}else { c_0x44b31333(0x4c6b5bf60b0693416c2b32c3b17e16da8457e602f039cac14d1ec940343704e1); /* branch */ 
}
c_0x44b31333(0xb7f0edfd9bee8f86c39d34163c97555e564bf9614c282395feccfe0d5849cb2b); /* line */ 
        c_0x44b31333(0x4913d72670b951595e6320f55ff798620acc1775c3d84fe868139e5fa160a60a); /* statement */ 
return IERC1363Receiver.onTransferReceived.selector;
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IEnergyTrade
    function settle(Reading calldata reading, Signature calldata signature) external {c_0x44b31333(0x585595e452eb5c0420364daca6e99d08202f9977f918da8f4f3705f3c5e410b9); /* function */ 

c_0x44b31333(0x9f98d8e7f658eee5030d1b1602634b2326101b295627cca6e451ea72e136d9ff); /* line */ 
        c_0x44b31333(0x27fe96cde8b5dc9ff3506b443d26bcb2d8916915e7e13491756b3e2e6905e892); /* statement */ 
(address seller, uint256 paid) = _settle(reading, signature);
c_0x44b31333(0xc9d2824af92575bd9d944c19113d3b7c9543c970313922a648815f7e8f7c4aee); /* line */ 
        c_0x44b31333(0x9b0e39f8dcc00a4c214c6bd55b8925c985a69b5ad80c1f5a264e0e1d35c90f74); /* statement */ 
_pay(seller, paid);
    }

    /// @inheritdoc IEnergyTrade
    function settleMany(Reading[] calldata readings, Signature[] calldata signatures) external {c_0x44b31333(0xdd615f1f76bdb06d819e76e3a2c58c3c0ca6ca11e85eff954a00c317531d49a3); /* function */ 

c_0x44b31333(0x5d5be6843c25402dbaad04cdf66dc599853303befb4b0b7330ec5b9c796e2b4a); /* line */ 
        c_0x44b31333(0xe295d92a3849599cb840fe8faa54e0fb129eb958a34ae19a6d327e4d22a2e9fc); /* statement */ 
if (readings.length != signatures.length) {c_0x44b31333(0x0a609202b8ea94c3112ec99d9e44247551cc4afc88bdade859538535b7f30fd6); /* branch */ 
revert LengthMismatch(readings.length, signatures.length);}else { c_0x44b31333(0x4b98a1956932b94a5611dc91745a5d8dad088d3db56e982ca04e233aa2cadd0a); /* branch */ 
}
        // Neighbouring readings of one seller are paid in one transfer: 3,000 gas less for each.
c_0x44b31333(0xfea73fa694980a3ba9e609594093cd6d5e5c59f3ebc9505870c5311484a88f60); /* line */ 
        c_0x44b31333(0x5b65ea10b641e0b7cf5de9f00cffe096826826f9bed765d555232ba76e8dba5b); /* statement */ 
address payee;
c_0x44b31333(0x43d16f6645c8d6eb276ac29fd94e601402e4ffb3461e43f444a5564c3d08b7a3); /* line */ 
        c_0x44b31333(0xe195a91d2d28544a719e97d5c777a91b2bad29da34c34170df6f9bd159eef504); /* statement */ 
uint256 due;
c_0x44b31333(0x54aae429c66666f9557523d479838b47d75843c6f25ae27b9b9c52c01b239c53); /* line */ 
        c_0x44b31333(0xc6755cc11fad06c51657887cb69f40383060862dfba829502da7be86a33db337); /* statement */ 
for (uint256 i = 0; i < readings.length; ++i) {
c_0x44b31333(0x97b904d182a170d41991bfddcef08596e7fe2f04699e55867ab3783847c5d184); /* line */ 
            c_0x44b31333(0x171cea01920416c982a55d7efb3b6e7a00c7d65b2668e89ec408a04900d3a6ac); /* statement */ 
(address seller, uint256 paid) = _settle(readings[i], signatures[i]);
c_0x44b31333(0x5acd831e45f8315cb6211541a7338c9c19a12b708693058edfcab1aaca96becc); /* line */ 
            c_0x44b31333(0x8d71479babda2a90cfa328bd4cd2b0cf1a75005dcaad5692843804042627c670); /* statement */ 
if (seller != payee) {c_0x44b31333(0x1a24f46aab7910d1ff96e87f50ea759070cb54e2199abb88dd48607ed845a5d9); /* branch */ 

c_0x44b31333(0xa7910c9a12166cb3d1668067cde513396a9c0073f6522d029c8877e8a62bd394); /* line */ 
                c_0x44b31333(0xb8af5fa19a314154f81f5dfd395b1b84f26ec6ce2383c339e83ec0001da37aa3); /* statement */ 
_pay(payee, due);
c_0x44b31333(0xd9cfa454c0064d8f4ad459cef72f1038428c8de2c379da7c2ba7a09c6e7e7d27); /* line */ 
                c_0x44b31333(0x539f84ef335315fcbb889f1e6424e4772e1de865bdbf7328429f1b5979c12bce); /* statement */ 
(payee, due) = (seller, 0);
            }else { c_0x44b31333(0x623b928f2b471e41edfb49b759020dc6f8e9b1ad348d92f7166e350b0943530c); /* branch */ 
}
c_0x44b31333(0x47cdc9a79262b951443a64bb8ecf1e2ac902010defed5a1fcba0adc0ea3f2f20); /* line */ 
            c_0x44b31333(0x2acb8803ef87525726725690f79df157342ef38d24fdf485367b995688150983); /* statement */ 
due += paid;
        }
c_0x44b31333(0xce304dd6c0bbc63222fff3370a13acd8e74b216761ae2b55295b811d0c4c21a7); /* line */ 
        c_0x44b31333(0x9f7a9d84b2de816b2910e911ad2371b332d3ee286693937eff80d36406a16525); /* statement */ 
_pay(payee, due);
    }

    /// @inheritdoc IEnergyTrade
    function refund(uint256 tradeId) external {c_0x44b31333(0x530142114865b9c6f7702565d239bfa4744441a7fb3e2745ab485d3b484612d8); /* function */ 

c_0x44b31333(0x3ce492e51d1525f74022710d5da1c91e76f98eeda65ba612e965792610d59986); /* line */ 
        c_0x44b31333(0x34714fe3eb10534c592986d7862dbc9d99cd584f294f00aea6e2d9e5c1fd066c); /* statement */ 
TradeRecord storage trade = _openTrade(tradeId);
c_0x44b31333(0x8be7de093c1dcba715a81ad0c55281c72d226eaa17867f5785e32ffe39b7f15d); /* line */ 
        c_0x44b31333(0xa8b2298eebeeb7651e013ba76c3f40d94c3f5c7922abc1b2b19bc395b729c4d4); /* statement */ 
Terms storage terms = _terms[tradeId / TRADES_PER_OFFER];
c_0x44b31333(0xf503c55300c8a57954b213cf0943b340dd027783c645d3c5e1ad277b3726e586); /* line */ 
        c_0x44b31333(0xb7bd47a319cccec9cf673c0637739d90e205006e116d5c69ef743f11f6983d35); /* statement */ 
address seller = _prosumerOf(terms.meter);
c_0x44b31333(0x71706278beed0a8b5ad3db34932972e453ffb9222753e8881ad010468335633c); /* line */ 
        c_0x44b31333(0xf8602647831668fe0e4b303400488008ca3069aaadb0395636818db08d71f25b); /* statement */ 
if (msg.sender != seller && seller != address(0)) {c_0x44b31333(0xa3f02278935f417552d26509f458f46829a8f8130da479ef53654fa9d598ca55); /* branch */ 

c_0x44b31333(0x71a3ade000a84e158d97b7cbc34a88494165a2e0e73e8e1141e5bb566653f4f7); /* line */ 
            c_0x44b31333(0x82971435c4693ddbf2e4c5f725eff4124c9f7e6f76d811306bdc9c39755a3b67); /* statement */ 
uint256 refundableAt = trade.deadline + GRACE_PERIOD;
c_0x44b31333(0x12cf02a7c6b55594108424d14f98e79ae1d37a74c51404b6cefa875e76514f53); /* line */ 
            c_0x44b31333(0x3c0bad29302700bc13263738e1a201af48aba12eec6d58b0462bcdead58fd372); /* statement */ 
if (block.timestamp < refundableAt) {c_0x44b31333(0x8a70531f15b0741c17b1f391897e98dd7b6fb37132a33913ddfcc58991d76bb3); /* branch */ 
revert RefundTooEarly(tradeId, refundableAt);}else { c_0x44b31333(0xaf5457b679cc97f54e1199f7aa24941db50f411861c1e3530e9ae8d6eddc3344); /* branch */ 
}
        }else { c_0x44b31333(0x097da90d1ff172251e2e4d6afa9a43d4c71487cc07ee8940887d7b14266600bf); /* branch */ 
}
c_0x44b31333(0x6c84e382800f8cefb2f8ca7d14ee0275ff5a7bc3572833a0d6ab70da791aff69); /* line */ 
        c_0x44b31333(0x4585476f4637d5c884b711efb93d53d3a36c3f4c41de06ecb2cb5f17baed6b1a); /* statement */ 
address buyer = trade.buyer;
c_0x44b31333(0x57acd13450cfc5e0133aac57202180ce8e90c85b3d20a97e16efadb25d528845); /* line */ 
        c_0x44b31333(0xd661df3729e21d081a62b7788a3fac333f2eb681cbf7ec2c148234e2319a4d6f); /* statement */ 
uint256 refunded = _escrow(trade, terms.pricePerKWh);
c_0x44b31333(0xc2202e363d5b6aa56d4992eb5f55e38d36b7c40bd3c086529d749b8490e3c238); /* line */ 
        delete _trades[tradeId];
c_0x44b31333(0x670388a8fc2f2c4e934371dc3109b3b93ee946757804262d9a57075d1a08a613); /* line */ 
        c_0x44b31333(0xa0fac533a236db3a4f85722bafe4b3a4700ca3560c887e5f3a55441d492c03a7); /* statement */ 
emit TradeRefunded(tradeId, refunded);
c_0x44b31333(0x147fe7122bc0ef778c3cfb17971beee874f673400b025a8ae8096c2d46ea34b8); /* line */ 
        c_0x44b31333(0x91a13ffdaf4e754991c165fdaea84d3ef30909fa55bbd2f221f9fb0f7990929f); /* statement */ 
_pay(buyer, refunded);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IEnergyTrade
    function paymentFor(uint64 milliWh, uint96 pricePerKWh) public pure returns (uint256) {c_0x44b31333(0xcb7fb3398c22422b6f0dc08a6a2b23bce9731b04fb8b250c1a984afb538c78bd); /* function */ 

c_0x44b31333(0x1ad1219e57e18ecbde0a9745124bf20683cf80546854e529839ecf4f6e31553d); /* line */ 
        unchecked {
c_0x44b31333(0x5e257a14f8d971e7eaf3da2d104da1894160859fde9de8a9f1effdd2b539f428); /* line */ 
            c_0x44b31333(0x7214572cb994142a8add225c89184cb4df7a9c8a837db0a0e719595eac1726f6); /* statement */ 
return (uint256(milliWh) * pricePerKWh) / 1_000_000; // 64 + 96 bits fit
        }
    }

    /// @inheritdoc IEnergyTrade
    function hashReading(
        Reading calldata reading,
        address buyer,
        uint64 orderedMilliWh,
        uint64 deadline
    ) public view returns (bytes32) {c_0x44b31333(0x65925894c84281d346ebde21464673d67fc3b17ae22974e48c916862b231060c); /* function */ 

c_0x44b31333(0x3a5a83bb7d2232f0f8e07b77495d24889c0dadf7065212b95bba8d6b60067a94); /* line */ 
        c_0x44b31333(0xeb91b7dae0fca72968d90b8ef33c60507b3d6321bc3fb68011726e91c726a0ef); /* statement */ 
return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        READING_TYPEHASH,
                        reading.tradeId,
                        buyer,
                        orderedMilliWh,
                        deadline,
                        reading.deliveredMilliWh,
                        reading.registerMilliWh,
                        reading.isFinal
                    )
                )
            );
    }

    /// @inheritdoc IEnergyTrade
    function offerOf(uint256 offerId) external view returns (Offer memory) {c_0x44b31333(0x348357530a8558564e58515131be0916a1440a81537d0d35ce3d7c49ebf7dfc9); /* function */ 

c_0x44b31333(0xe27e3558c9954b8929c93fb5a461cb4c4b33e2a2e635b8a43d2d84b29e7470c2); /* line */ 
        c_0x44b31333(0x46e9efd8363b024d0d22e300b04a147b400dcd7043d239822a8d14da8168b073); /* statement */ 
Terms memory terms = _terms[offerId];
c_0x44b31333(0x831f5418e4a3ceff41fa13c0f8882410d9cfa72a39206f1e1d4f6370d9a3040c); /* line */ 
        c_0x44b31333(0x17760290fef65836244c62519413308d1bde37bec5e2985a165b216a678cb067); /* statement */ 
Stock memory stock = _stocks[offerId];
c_0x44b31333(0x17c4ad6e03ecd86d8770f18b7f769b6090771121412ae1d29714da35adfaf65b); /* line */ 
        c_0x44b31333(0xea5bb89037430f3d9668dcebb55623c1f2f326a6ab597569470eb48880af7373); /* statement */ 
bool isSold = _sellerOf(terms.meter) != address(0) && stock.tradeCount < TRADES_PER_OFFER - 1;
c_0x44b31333(0xeb818b2fd6e1d666be0fcdeae9f39f96ba59e29bab6047cb25db668620cf8001); /* line */ 
        c_0x44b31333(0x90761046a573626cd363fdab723fdd179da93d62f008ffe09890da0c54b04a41); /* statement */ 
return
            Offer({
                meter: terms.meter,
                remainingMilliWh: isSold ? stock.remainingMilliWh : 0,
                smallestOrderMilliWh: stock.smallestOrderMilliWh,
                pricePerKWh: terms.pricePerKWh,
                deliveryWindow: stock.deliveryWindow
            });
    }

    /// @inheritdoc IEnergyTrade
    function tradeOf(uint256 tradeId) public view returns (Trade memory) {c_0x44b31333(0x776224405c252312ae8c06dc0ae72a9e5cb33fc28be89134f3f40458fa2e256a); /* function */ 

c_0x44b31333(0x94e2ff7228c8fcfb390a62646dd0d3306f296a48402272aec7857e4dfad56200); /* line */ 
        c_0x44b31333(0x98740174bf7a6ebbfe61a62fe3b21826e92ddda0a6c014e59a8b9030d6990c45); /* statement */ 
uint256 offerId = tradeId / TRADES_PER_OFFER;
c_0x44b31333(0x7c1a890ec978451cb74706f80648ef3447c75dc6994d719aa6ded062ad3ed87d); /* line */ 
        c_0x44b31333(0xe27484a8b25ffb587b29ec82bb7dd249c8435d5ea30b3c8d956c0a2a6792b653); /* statement */ 
uint256 n = tradeId % TRADES_PER_OFFER;
c_0x44b31333(0x309cbf6bb45cd880fda2bcda78aef29610be06f330718c7ecb2ea56001126996); /* line */ 
        c_0x44b31333(0x32b0ec380cec4adeb4b5ecb9827616a17a096c86a32e6236b1353eeaefe7e217); /* statement */ 
Trade memory none;
c_0x44b31333(0x39318d22930e034cdbf7701c258c195483b2c216ba1677240aa8adf824ad1d88); /* line */ 
        c_0x44b31333(0xe0f7bfef4110e4284e4971bd6ac7c38aa3bda2be26c31f78681966cde439bac4); /* statement */ 
if (n == 0 || n > _stocks[offerId].tradeCount) {c_0x44b31333(0xbc5f09e1129fd837c03f4fa7c94af77c035574c7f18e6775db69714f069f69d9); /* statement */ 
c_0x44b31333(0xfce4058db49c64ed6cf4c2a47dc9c0dadd2570c158cd1c4782577c3a627cc275); /* branch */ 
return none;}else { c_0x44b31333(0x34d124f6c96fbf8a8c5331274ec4311ea3eedc671fed5ff896e16999ea070238); /* branch */ 
}

c_0x44b31333(0x4cf10be4160f7e249bb2037981fbeab7838b09716e997f824b24258f16492bbe); /* line */ 
        c_0x44b31333(0x441235a7212edbe9eae33f741810195490a2fdbc93d27ee3103af46cd269fb8d); /* statement */ 
Terms memory terms = _terms[offerId];
c_0x44b31333(0x1f3a9b811572d682d453673537a291b86d0e0c8dbb9d58e7bd76185ea78c3fc9); /* line */ 
        c_0x44b31333(0x0501d0f9ff1b1620bba679257ab38d000d8ae7abbfe6d12d588de42a374b7ecd); /* statement */ 
TradeRecord storage trade = _trades[tradeId];
c_0x44b31333(0xf7885615188ac369ecb13458decc60933843e9681556e0efcf4a5c67dad291e0); /* line */ 
        c_0x44b31333(0xde8b0db4ac29b7f437334475b0184d3af775fb189b3b3d9209890890ab3549a2); /* statement */ 
return
            Trade({
                offerId: offerId,
                meter: terms.meter,
                seller: _prosumerOf(terms.meter),
                buyer: trade.buyer,
                orderedMilliWh: trade.orderedMilliWh,
                deliveredMilliWh: trade.deliveredMilliWh,
                escrow: _escrow(trade, terms.pricePerKWh),
                deadline: trade.deadline,
                status: trade.buyer == address(0) ? TradeStatus.Closed : TradeStatus.Open
            });
    }

    // ---------------------------------------------------------------- inside

    /// Paid to the token itself, money would be for sale again.
    function _canSpend(address prosumer) internal view override returns (bool) {c_0x44b31333(0x0cb092f79417748d6e48a7c0fb17be3a9c6d2991bb6399fdaa27e7152654c0f5); /* function */ 

c_0x44b31333(0xe81a7b207bb94532daefb33d65dd68d8d88efeae0335908c98b542ff05d059f0); /* line */ 
        c_0x44b31333(0x3b2b4a1150de0e8d7b5ce229b33942ac19735ef8ac320e60965777550b70e5ee); /* statement */ 
return super._canSpend(prosumer) && prosumer != address(token);
    }

    /// Opens a trade; the caller takes `payment` from the buyer.
    function _open(
        address buyer,
        uint256 offerId,
        uint256 milliWh
    ) private returns (uint256 tradeId, uint256 payment) {c_0x44b31333(0x39f3827f6f9201bc96619f7f397a648533a05dd75b97dd38e74d48005bf63921); /* function */ 

c_0x44b31333(0xad0b7910fcafe0368551b802d7f75520fa378890072a4d0ec92a8ca9b45efc37); /* line */ 
        c_0x44b31333(0x3eb35f11c5db345a1bdbf39d3f45232ffccfd6c585f92583c019c05d0eca5bfd); /* statement */ 
Terms storage terms = _terms[offerId];
c_0x44b31333(0xd95c15855736da984e8935489371baf605f34d5b95f7d50ad925c35d748147f6); /* line */ 
        c_0x44b31333(0x4b8356f62f0844609538f95fa772fb6e11e7f09b32a959f470c915b13eb927bf); /* statement */ 
Stock storage stock = _stocks[offerId];
c_0x44b31333(0x58012816ea25b1d6492d5f5671564fa73ace55e12802cfa7d29765ea560e7e2d); /* line */ 
        c_0x44b31333(0xb4c8fdfe0509b6d3c1653ac03105508bf1c107a8999d91c1950003de390bfdaf); /* statement */ 
address seller = _sellerOf(terms.meter);
c_0x44b31333(0x98bb4f9da26a463ce9f49de8e5c9f3c03aff58f743d7ddbecd9621794911bdbc); /* line */ 
        c_0x44b31333(0x71011b2a5da6136f347befa864c8a0bc5b4d672fd56d8f7be50ecd143d381ecd); /* statement */ 
uint256 remaining = stock.remainingMilliWh;
c_0x44b31333(0x9dcc3fac26aedefa15c6b2889ee615fdfc860c38ee44d76efe98728104f75540); /* line */ 
        c_0x44b31333(0xf72aa10095f9cd07237fb30b124b87281c9a564f481431e2c2ac2f4b2ff7e7ae); /* statement */ 
if (remaining == 0 || seller == address(0)) {c_0x44b31333(0x16f22e08dd2062f24bb7ce72a9ff55553eb211c1284b967bde644755a9f2684a); /* branch */ 
revert OfferNotOpen(offerId);}else { c_0x44b31333(0x2d0ff8e079b50362272989cfbcd3a4655f70ea0af873d7fe0c71337d67c4364e); /* branch */ 
}
c_0x44b31333(0xd92f92d786703b1b7d18feb2cd311a72024a3e8cc46cc4bf07527eba14e9ca98); /* line */ 
        c_0x44b31333(0xcdc3ecdca954b5ca2279b232175a1f4c65110b9dc3aade28741b53dbe1e5907a); /* statement */ 
if (buyer == seller) {c_0x44b31333(0x4396b16aa2dbe0c6a461f84885128970c42cd43304c2ab53a2c5e1896e33b666); /* branch */ 
revert BuyerIsSeller(offerId, buyer);}else { c_0x44b31333(0xa43a2eeca1d38733b5ca0771fa6e6d4bf7f3fc73b9a75bcb7b6ba62253518155); /* branch */ 
}
c_0x44b31333(0xcf895215adb2e123293158238e6f6c3dc098f30ac25a13f739f6a44d8d3987d7); /* line */ 
        c_0x44b31333(0x276bc60d0d4904163406d9f89e91fb1941ef017a156c5941a91157e0707a4ed2); /* statement */ 
if (milliWh > remaining) {c_0x44b31333(0xbdb43f72bf5529c093488c418336865329f93bb65a263f7ae72290f079380bf4); /* branch */ 
revert OfferExceeded(offerId, milliWh, remaining);}else { c_0x44b31333(0x8296e2d929baee05d52c381d384278eb3098cd03244de8fe3314782e8793367e); /* branch */ 
}
c_0x44b31333(0xdff7ffb06e31bbf458259bed6c61a1346acdf21ae5aa61a0f57e8ba50e7bac0f); /* line */ 
        c_0x44b31333(0xda13a97aa7326ee3fca4e4f241a3cdd84f34d368ff1cd455705faf12c19091dd); /* statement */ 
if (milliWh < stock.smallestOrderMilliWh && milliWh != remaining) {c_0x44b31333(0x4e881a50e128ddb829fcfb9064132040622e71562305542ccc1e62b1cbf4d436); /* branch */ 

c_0x44b31333(0x69d11a7366936334e8c3d51aebd89010f90146a0ee286f703f9f855c7070ebbe); /* line */ 
            c_0x44b31333(0xb9da65122e7d531fb0fecea404edd6f4f73a51daa26587ad44af2ee8b319a79b); /* statement */ 
if (milliWh == 0) {c_0x44b31333(0xa8d3dffec5d4c70532a09a39da958c8226f5b732bc6aa12602c80e12a2b2035c); /* branch */ 
revert InvalidQuantity(milliWh);}else { c_0x44b31333(0xc42bd228607daef2fd02d84b2085476ffd90360ef975aa278b7298875a5decb4); /* branch */ 
}
c_0x44b31333(0x2f7b9745a5240c80511a1ba3e988b5428cc2c75b4f0f084f8f8828822ada6a4c); /* line */ 
            revert OrderTooSmall(offerId, milliWh, stock.smallestOrderMilliWh);
        }else { c_0x44b31333(0x6c619e79e67b49731c4f8e759763b7cca1d5a48ec829077dd039359e76ece215); /* branch */ 
}
c_0x44b31333(0x8a0c297ae4c6a3bcd0a5f2319d1deb447b5ef284096dcd035a4ab7694056eb42); /* line */ 
        c_0x44b31333(0xfbd9fa6acf0e5d0991fe72ee95cc9f86d304bfe2522907b76e1ae532284c76dd); /* statement */ 
payment = paymentFor(uint64(milliWh), terms.pricePerKWh);
        // Without this, anyone could open trades in another's name: ERC-1363's `transferFromAndCall` of nothing needs
        // no allowance, and says whose tokens they would have been.
c_0x44b31333(0x7b1d380fe1de640ecfd1f4d8b5cec8389a76fbeab6895a42d2d51c9cfc25acc1); /* line */ 
        c_0x44b31333(0x5221a403f544019c25ac3724ce1836553975d908ff2e170b4c736c75d39eeb38); /* statement */ 
if (payment == 0) {c_0x44b31333(0x4b0719d07ee39edd6b342175f2d1e55ffd7888817d19352b69fd94765e6664a0); /* branch */ 
revert PaymentTooSmall(offerId, milliWh);}else { c_0x44b31333(0xac5a526803ef110e1feadf609d0c6e695feca6f317d8d859bfe18d51c8db919c); /* branch */ 
}

        // The offer is there and holds `milliWh`: from here nothing can overflow.
c_0x44b31333(0x9ab83596c7043a9315de10c1bb65bcd0978e2dce128e09b32ef968d5f32863ee); /* line */ 
        unchecked {
c_0x44b31333(0x752eaa65c9fc68284807e5f74bf7c85be3957e82708a75b537035d320fa9f81f); /* line */ 
            c_0x44b31333(0xcf7463c8dc1f1f54dea466a04f819c24e1198651e3b9f7aefbca7a1aa4d626da); /* statement */ 
uint256 n = stock.tradeCount + 1;
c_0x44b31333(0xa56e66b9bfc6cd579eac393006a30031c9b866e39ff3d007db36ae76cb61609a); /* line */ 
            c_0x44b31333(0x175b5a3462f6f7bddf727caa62f8c42c5cfe73bc5306b725fba4463f31fe600f); /* statement */ 
if (n == TRADES_PER_OFFER) {c_0x44b31333(0x051455329aafc0c14c45aef7505e26bc2ed98836ed82e72277768118560b9025); /* branch */ 
revert OfferExhausted(offerId);}else { c_0x44b31333(0x1e97d91a45e1a231078ffa9e92445be1c10d123c96381c6ac6e05a8c37ffae17); /* branch */ 
}
c_0x44b31333(0x8c994eba5c41fa362a7eb23b6c909985af4e13062c2dea79b02bbd9be3cc774a); /* line */ 
            c_0x44b31333(0xb3b0c3ea8ec313e8fc7828afbf1d42f81d5cba697ff91525dff9c6950277cae8); /* statement */ 
uint256 deadline = block.timestamp + stock.deliveryWindow;
c_0x44b31333(0x70fb8471dabc6c82dd8930986d03a438d6126ff8b18d1969a21ee7c9e018267a); /* line */ 
            c_0x44b31333(0xc879c79f3f2dc21a90e597aba5849e59a1d72c9de01eb243a1e818accc14dacb); /* statement */ 
stock.remainingMilliWh = uint32(remaining - milliWh);
c_0x44b31333(0xb5d461e6b07f1ee8a1f3206a735fb902b162b6140392902da02d75d9d136fd22); /* line */ 
            c_0x44b31333(0xccf352b04475d227318f2fc6fd3cd771b1433920beb3a3baaeaac244be6bbbb7); /* statement */ 
stock.tradeCount = uint32(n);
c_0x44b31333(0xff737d2f92ada38444bd8589cffa1d89e5e4ccc631e8773772b3b33a04cc2a95); /* line */ 
            c_0x44b31333(0x7eee3f659567a44ab88d2a69563cbc2e1ac2c8bdd35204629bfc17c32327ac02); /* statement */ 
tradeId = offerId * TRADES_PER_OFFER + n;
c_0x44b31333(0xef23c642930a59c9e91ff96518d211c00bc1231f022b4379ba457a06d51465d2); /* line */ 
            c_0x44b31333(0x57d51115c0d04997d23b488a17bf514e17ed9b24e5500b52b796c76c5f0e2695); /* statement */ 
TradeRecord storage trade = _trades[tradeId];
c_0x44b31333(0x74b0f864e9a2dafc643709677eaa100209f45853d41e76f40f02f0bd5813b143); /* line */ 
            c_0x44b31333(0x3fc78f447c9f8b8ff51e3c375d11d59bc1e146ea7170b2694d9b89809342f759); /* statement */ 
trade.buyer = buyer;
c_0x44b31333(0xc0f0bfe3d0952aff262e0daf6b73fae8090a46f3faf7e9d9367132b05b665ea6); /* line */ 
            c_0x44b31333(0x4adc480b66a00602be38240d69f5b269aca32cb31eb2a48bd131aaa232ddf19d); /* statement */ 
trade.orderedMilliWh = uint32(milliWh);
c_0x44b31333(0x8663836b32aa5c9dece244d062fd048cc9f210fd90726cc5f6d527a5b98aa2da); /* line */ 
            c_0x44b31333(0x38a21f5fd092a46c79a643d34f8890f42aadf4c5db4f9b55903c9b27fd11a1af); /* statement */ 
trade.deadline = uint32(deadline);
c_0x44b31333(0x6e8fc7764689fc7dc7567a61ea0da0b6feb28e1c0ceb016f04d31aa50193b336); /* line */ 
            c_0x44b31333(0x0dc1126bac581d75178fb2c25123730e551069ac2a748841ed692430ac8c82b6); /* statement */ 
emit TradeOpened(tradeId, offerId, buyer, uint64(milliWh), payment, uint64(deadline));
        }
    }

    /// Settles one reading and pays the buyer's part; the caller pays `paid` to the seller.
    function _settle(
        Reading calldata reading,
        Signature calldata signature
    ) private returns (address seller, uint256 paid) {c_0x44b31333(0x18b33e08ccc53772599667f18631e98ef84f8f511f1676de153933cda1846ddf); /* function */ 

c_0x44b31333(0x7e588b4900dbd4140c2f937d60db00ef53d5d8d548ea3831085a4a07eaeab37b); /* line */ 
        c_0x44b31333(0x4fba5f7ddfd8366645c23aad5e9bdddb8b1b07945f75f7ae2d6d1245ad121ed1); /* statement */ 
uint256 tradeId = reading.tradeId;
c_0x44b31333(0x465a772ec876d47b95157479da0edcb989d04bf8dbda36724bf43ec3e0650cd8); /* line */ 
        c_0x44b31333(0xa1f3ab84a7f89ec6ad9148c037ee1fa504934bd8c1d2c1b4f79c8e00fe2f2a23); /* statement */ 
TradeRecord storage trade = _openTrade(tradeId);
c_0x44b31333(0x19d266db779a51fa48b5e83d5603ca414b92a2bc4fe9f5cb0d0a27d97c574087); /* line */ 
        c_0x44b31333(0x2f8c757e96969d8af233de0bbc7791db609af23b4bcbe9cc9a46611f20f6e61b); /* statement */ 
address buyer = trade.buyer;
c_0x44b31333(0x81c724113f1cc39288742b014737a5871675195d3f19279595ff02a7287d8c65); /* line */ 
        c_0x44b31333(0x7348880d5fc4a3db0744a9eb7173b8674badc11d4af6b8c55639ecbf6f2767d0); /* statement */ 
uint64 ordered = trade.orderedMilliWh;
c_0x44b31333(0x818a9ecb9337d388f39e94f8ed15f68f920e0d747ac52c2a079640f633b00806); /* line */ 
        c_0x44b31333(0xdd720e0b24edffdd5695750da296d2e0e5d01c8759ca90dfc7a93e6596424a8f); /* statement */ 
Terms storage terms = _terms[tradeId / TRADES_PER_OFFER];
c_0x44b31333(0x753444735b8e97c7ef410d4560d2962e11ab390b75cb8e7bbf758fc2029cad47); /* line */ 
        c_0x44b31333(0x0f4a3d0311c648604420c8da11aaff0a95ccd23242027abbb6f40669bae880de); /* statement */ 
address meter = terms.meter;
c_0x44b31333(0x4e25a54d4e0053dc4a43a901cc6e2c818949fcc94c02e40b345331199b45e8e4); /* line */ 
        c_0x44b31333(0x267f432ee5269537001703085795d48cac840aff4fc025355dcb1767bebceb5d); /* statement */ 
seller = _requireProsumer(meter);
c_0x44b31333(0x448b8fc445f007395850dbe3a57c115a6963befb70decbef7b6cf7cd0ad5a6b4); /* line */ 
        {
c_0x44b31333(0xdd66b48463b4714ad4769b304487453f87969ecbc6ecea43709a8e04944a299f); /* line */ 
            c_0x44b31333(0x3c1c806453f6de16c3e63416293261ffcaeceba3c0db83e85b491810e849b258); /* statement */ 
address signer = _signerOf(hashReading(reading, buyer, ordered, trade.deadline), signature);
c_0x44b31333(0x0b31de5db4a7f9bad166cef702559c57f74ff25654e09dac314a07a5217b5710); /* line */ 
            c_0x44b31333(0xa0ba1fab9c2c2d275f285cd8dcefc876ba176e44ae7565e5d36caee3e789d89d); /* statement */ 
if (signer != meter) {c_0x44b31333(0x50f542b23792dbe662dd2e973a2a2579a8a216dfb883e7b70abbd428e7186702); /* branch */ 
revert ReadingNotByMeter(tradeId, meter, signer);}else { c_0x44b31333(0x0acf8c025d3bd624f7d48efaa3149ccbd015c92ba871575370f9e3c1c6647b1b); /* branch */ 
}
        }

c_0x44b31333(0x2f35f653bbf46ea8b3e0a09df8553aa86eef129825c3a4ad622f5ae0b745f91b); /* line */ 
        c_0x44b31333(0x4be88f0d226990f354929e558418c020dc95140838613c064a0a41bab4d6cfcf); /* statement */ 
uint64 delivered = reading.deliveredMilliWh;
c_0x44b31333(0x7e15b1f4eb64cb74c0348a28f7f9efe822d81ba5e97e4db14812d4a72e4fc621); /* line */ 
        c_0x44b31333(0xe4233e7ac933fb7f3b6c24bfd109c475e1b0cd3ac5608fabaca5662c636cd9b8); /* statement */ 
uint64 settled = trade.deliveredMilliWh;
c_0x44b31333(0xb8d0e478eeaaabbb606992e55671ffcd25e330ea5f2e6f3e482dffd03e662c77); /* line */ 
        c_0x44b31333(0x3ad06801c4741d6ddb4a41d41ac3d536b4e391189a7f5aeaa65e2a96ef98a069); /* statement */ 
if (delivered > ordered) {c_0x44b31333(0x392befecca6970f82bba7a7eb149bcb2b58ffdd8b85c0c5b10a51bfb6dbb77f8); /* branch */ 
revert ReadingExceedsOrder(tradeId, delivered, ordered);}else { c_0x44b31333(0x109e20386116e22ddd9656f6c2b0c25dbc34b29fcb0a586ef1fbff18cecd717c); /* branch */ 
}
c_0x44b31333(0x100b77741579866459706e490c97a52aa26c56f067e9b5dbad51c756d703ac89); /* line */ 
        c_0x44b31333(0xf45dc2b1eefb895a21053cccc5311c51ada49648416012fe1e3f81225a025d1f); /* statement */ 
if (delivered < settled || (delivered == settled && !reading.isFinal))
            {c_0x44b31333(0x96b4830de259e38a3c7ced37003e704f4077d7a22ea387119962cfc82863baf2); /* branch */ 
c_0x44b31333(0x62e6492e9a9b93b56bec2cd7f2ce0e5bf7e784c5e0e789740a6eb573f65a9fce); /* line */ 
revert ReadingNotNew(tradeId, delivered, settled);}else { c_0x44b31333(0x8b6f3bdf24047645e4c38cd2d800ebee139cf3276413e4d039eda0fa32a6769c); /* branch */ 
}

        // settled <= delivered <= ordered, and so are their payments: differences of them sum up exactly.
c_0x44b31333(0x986c023d1f03a13ed740e8f8d763f07dec63adaa470e91ca82f275803a1356f9); /* line */ 
        unchecked {
c_0x44b31333(0xe051ede8e4315b622a5e4a6b618097e1690a539ac02ede6994d7e290f170151f); /* line */ 
            c_0x44b31333(0xcb6fdc297dcce2f80f50e97d9957a06aeb21821f9b23046004c3d2d598279855); /* statement */ 
_count(meter, delivered - settled, reading.registerMilliWh);
c_0x44b31333(0x6bf93101967e3d59fba9ff3498ca3333c4fa18d014833730e66e7809e6fb6269); /* line */ 
            c_0x44b31333(0x09c39b96baf35424e34fd7f4b9f5cd3932740f200919564fa461bebeea228223); /* statement */ 
uint96 price = terms.pricePerKWh;
c_0x44b31333(0xdf3303ea0396b78b3e3df25420922ac91f6f8837f4bb56f5cbb1d4f4f799eb27); /* line */ 
            c_0x44b31333(0x7052483da95b1148f02d51efbed9fb76ae6bdcb6adb90e5cb986a64871f1b681); /* statement */ 
uint256 earned = paymentFor(delivered, price);
c_0x44b31333(0xea85518e40d82899e2e14b88939d2ed7bea79b691fe34d2dde8411609d50b788); /* line */ 
            c_0x44b31333(0xdda423fec35c10c50cc446c04798b9b90ba7c6abe78d0596882a85ab33ea523e); /* statement */ 
paid = earned - paymentFor(settled, price);
c_0x44b31333(0xe1b1883e5e1219e682f51fb85ed3b1273bf006a104549fe55559602f5fd3519b); /* line */ 
            c_0x44b31333(0x655cad9e6b29630c1bb4dc452431c4d41d960490bfe9d7348b30aaecf422ac4c); /* statement */ 
bool isFulfilled = delivered == ordered;
c_0x44b31333(0xd9548b901797b269a9b0552497e18a9d0122c3bee4d7c33268f814b2ea231a82); /* line */ 
            c_0x44b31333(0x981541a086d03bcfb9c3dacb10af2415cc9e1a252831aaf92aa92cab4c7bd6c5); /* statement */ 
bool isClosed = isFulfilled || reading.isFinal;
c_0x44b31333(0xa6b8c14be2dd14a070256ee2864715f740248710f00b1954be1664f64e6eb81a); /* line */ 
            c_0x44b31333(0xc0ae9ebd64fdebee533aa89902a81ae00413911296ad916a838506952cca4b3a); /* statement */ 
uint256 refunded = isFulfilled || !isClosed ? 0 : paymentFor(ordered, price) - earned;
c_0x44b31333(0x9ee2c67692045342976efb98ec1f8a716b89fa52bfa62c524f4a03ee2e1ec9ac); /* line */ 
            c_0x44b31333(0xf2bd3e3893e1c826a239eaff58c81199df7c89c26d71b912e9afa381efbaf593); /* statement */ 
if (isClosed) {c_0x44b31333(0x73c8f4a70dcc11d06f8686c0cd2ea4e6c6a1a40c32cc4628509c280bad5a7d0c); /* branch */ 
delete _trades[tradeId];}
            else {c_0x44b31333(0x075dd48062944fc70d169a64554de9b36667f9ee9eceb78e0a57e7b46fc50a92); /* statement */ 
c_0x44b31333(0x72a94cca05fa9c2d357f182457ca4ebfab3b0db017c0d34d7e5647fa449ee3e8); /* branch */ 
trade.deliveredMilliWh = uint32(delivered);}
c_0x44b31333(0x0689c6aa817e38db1eafd8c03a7b80495c81085414e2728d3cce09c47e37335a); /* line */ 
            c_0x44b31333(0x909de4cd8e8aada3be34757ce87908a4693886c06cf0124f23eede6642ee2257); /* statement */ 
emit TradeSettled(tradeId, delivered, reading.registerMilliWh, paid, refunded, isClosed);
c_0x44b31333(0xd55c028152b70e98dd177f7a1395ec4bec148045afe4666a3006f74d09df9d93); /* line */ 
            c_0x44b31333(0x7652edd4754f03eaf240caea820a493c53fc73ba87dcb6f76e16f11338047343); /* statement */ 
_pay(buyer, refunded);
        }
    }

    function _pay(address to, uint256 amount) private {c_0x44b31333(0x0022cd19e5c618a48168daefda2e3990715dbbb7d809c60c187a261ee9613671); /* function */ 

c_0x44b31333(0xedbecd9c79b526ddd231eeb890dec9b49794db18756c5c1837deccb556cd8234); /* line */ 
        c_0x44b31333(0xacdada2020d183960c77af99cb2721ecf410c3fa0164bd212aab2e4f48726a4c); /* statement */ 
if (amount != 0) {c_0x44b31333(0x34a69c43f607595a8072ac6202e727097bcbfcbbece877d448ad801df86bde6a); /* statement */ 
c_0x44b31333(0xdde38e97784d298b5e8b9cc749a3a46120b47d5f6b7bff5bac82bbf2a65a844e); /* branch */ 
token.transfer(to, amount);}else { c_0x44b31333(0x679d663953b35595e2268b3cff881cfe1890b39aef24408301d78b4de0b24c48); /* branch */ 
}
    }

    function _openTrade(uint256 tradeId) private view returns (TradeRecord storage trade) {c_0x44b31333(0xa4797785629725a915b12ec968d4152b221373432f6154587beb0d9b92663f60); /* function */ 

c_0x44b31333(0x64ee7b144d0d0e4764331f877e539b18e47f1827cf8fc57ca7cfd175a67ee640); /* line */ 
        c_0x44b31333(0x13d95646a5cc3e6d4621a0b5139dd84e913d8febc7a6226301f2cac2f34c9c07); /* statement */ 
trade = _trades[tradeId];
c_0x44b31333(0xb929335bf7fe662d8ddf71cd4923ee50a6ab4bdbbd46fd1c2a0a38e63d4941df); /* line */ 
        c_0x44b31333(0xb043544e1ec28fba6b5088e089f5832e8d13b018abaddb151836f136ee137202); /* statement */ 
if (trade.buyer == address(0)) {c_0x44b31333(0x9d2ee1245bac6db6d873eef645cd877e4b9445d22021c59a8d365775275d2602); /* branch */ 
revert TradeNotOpen(tradeId);}else { c_0x44b31333(0x847b009d45a877f54f3e1819ad69bd7e555e2bff3d5630b57bca1b3d8a327b47); /* branch */ 
}
    }

    /// Base units in escrow for an open trade.
    function _escrow(TradeRecord storage trade, uint96 pricePerKWh) private view returns (uint256) {c_0x44b31333(0x35fc23a7220b4aecb1666330683b6fb1c33fe40da579d9f5af7bf1a9179ee892); /* function */ 

c_0x44b31333(0x112c73ce88cb4c52418a65e92b3f4e5e2bcbb788a8a9c90cb10b7313ef285fd2); /* line */ 
        c_0x44b31333(0xd6af55598fe33f4407cd6c429e545414b719c8b6e83e4d97dbd4ccaf2b5c6651); /* statement */ 
return
            paymentFor(trade.orderedMilliWh, pricePerKWh) - paymentFor(trade.deliveredMilliWh, pricePerKWh);
    }
}
