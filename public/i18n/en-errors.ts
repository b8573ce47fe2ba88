import type { ErrorName } from "../../chain/codec";

/** Every custom error of the contracts as a sentence; the placeholders are the error's own arguments. */
export const enErrors = {
  "error.unknown": "The contract refuses it and gives no reason this page can read ({data}).",

  // EnergyTrade
  "error.BuyerIsSeller": "This is your own offer: you cannot buy from yourself.",
  "error.EnergyNotMetered":
    "The meter would have sold {soldMilliWh}, but its register stands at {registerMilliWh}: the same energy is never sold twice.",
  "error.InvalidDeliveryWindow": "The delivery must take from {minimum} to {maximum}, not {deliveryWindow}.",
  "error.InvalidPrice": "{pricePerKWh} is no price the contract accepts.",
  "error.InvalidProsumer": "{prosumer} cannot be a prosumer's address.",
  "error.InvalidPurchaseData": "The purchase is not written as the contract reads it. Reload the page.",
  "error.InvalidQuantity": "{milliWh} cannot be traded: at least 1 mWh, at most 4.29 MWh.",
  "error.LengthMismatch": "{readings} readings came with {signatures} signatures.",
  "error.MeterAlreadyKnown": "Meter {meter} is, or was, commissioned already.",
  "error.MeterNotCommissioned": "Meter {meter} is not commissioned: ask the operator.",
  "error.NotProsumer": "Your account {caller} does not sell for meter {meter}.",
  "error.OfferExceeded":
    "Offer {offerId} has {remainingMilliWh} left, less than the {requestedMilliWh} you asked for.",
  "error.OfferExhausted": "Offer {offerId} was bought as often as one can be. Choose another.",
  "error.OfferNotOpen": "Offer {offerId} is no longer open: sold out or withdrawn.",
  "error.PaymentTooSmall":
    "{milliWh} of offer {offerId} cost less than the smallest unit of money. Buy more.",
  "error.ReadingExceedsOrder": "Trade {tradeId} is over {orderedMilliWh}; {deliveredMilliWh} is too much.",
  "error.ReadingNotByMeter":
    "The reading of trade {tradeId} is signed by {signer}, not by its meter {meter}.",
  "error.ReadingNotNew":
    "Trade {tradeId} is settled up to {settledMilliWh} already; {deliveredMilliWh} says nothing new.",
  "error.RefundTooEarly": "Trade {tradeId} can be refunded from {refundableAt}.",
  "error.RegisterTooLarge": "{registerMilliWh} is more than the register of meter {meter} can hold.",
  "error.TradeNotOpen": "Trade {tradeId} is closed already.",
  "error.WrongPayment": "The price of offer {offerId} is {expected}, not {received}.",
  "error.WrongToken": "{caller} is not the neighbourhood's token.",
  "error.AccessControlBadConfirmation": "A role can be given up only by its holder.",
  "error.AccessControlUnauthorizedAccount": "Only the operator may do this, not {account}.",
  "error.SafeERC20FailedOperation": "Token {token} refused to move the money.",

  "error.ConsentNotByMeter": "The consent is signed by {signer}, not by the meter {meter} itself.",
  "error.InvalidGracePeriod": "The grace must be from {minimum} to {maximum}, not {gracePeriod}.",
  "error.InvalidSmallestOrder":
    "The smallest order must be from 1 mWh to the whole offer of {milliWh}, not {smallestOrderMilliWh}.",
  "error.OrderTooSmall":
    "Offer {offerId} sells at least {smallestOrderMilliWh} at a time, not {requestedMilliWh}.",
  "error.PaymentExceedsMaximum": "Offer {offerId} costs {payment}, more than the {maxPayment} you allowed.",

  // EnergyToken
  "error.InvalidRate": "{tokensPerEther} is no rate between tokens and ether.",
  "error.NoEtherSent": "No ether was sent, so there is nothing to buy tokens with.",
  "error.RedemptionTooSmall": "{tokens} is worth less than the smallest unit of ether. Redeem more.",
  "error.SupplyExhausted": "The contract has {available} left, less than the {requested} you asked for.",
  "error.FailedCall": "The ether could not be handed over: the receiver refused it.",
  "error.InsufficientBalance": "The contract holds {balance} wei and needs {needed}.",
  "error.ERC1363ApproveFailed": "{spender} was not approved to spend {value}.",
  "error.ERC1363InvalidReceiver": "{receiver} does not take tokens this way.",
  "error.ERC1363InvalidSpender": "{spender} does not take an approval this way.",
  "error.ERC1363TransferFailed": "{value} could not be moved to {receiver}.",
  "error.ERC1363TransferFromFailed": "{value} could not be moved from {sender} to {receiver}.",
  "error.ERC20InsufficientAllowance": "{spender} may spend {allowance} of yours, and needs {needed}.",
  "error.ERC20InsufficientBalance": "You have {balance} and need {needed}: get tokens first.",
  "error.ERC20InvalidApprover": "{approver} cannot approve spending.",
  "error.ERC20InvalidReceiver": "{receiver} cannot receive tokens.",
  "error.ERC20InvalidSender": "{sender} cannot send tokens.",
  "error.ERC20InvalidSpender": "{spender} cannot spend tokens.",
  "error.ERC2612ExpiredSignature": "The permission has run out.",
  "error.ERC2612InvalidSigner": "The permission is signed by {signer}, not by its owner {owner}.",
  "error.ECDSAInvalidSignature": "The signature is not valid.",
  "error.ECDSAInvalidSignatureLength": "A signature of {length} bytes is not valid.",
  "error.ECDSAInvalidSignatureS": "The signature is not in its one accepted form.",
  "error.InvalidAccountNonce":
    "The permission of {account} was used before; the next is number {currentNonce}.",
  "error.InvalidShortString": "A name in the contract is not valid.",
  "error.StringTooLong": "A name in the contract is too long.",
} satisfies Record<`error.${ErrorName}` | "error.unknown", string>;
