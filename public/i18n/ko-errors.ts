import type { enErrors } from "./en-errors";

/** Korean sentences for the contracts' custom errors. */
export const koErrors: Record<keyof typeof enErrors, string> = {
  "error.unknown": "컨트랙트가 거절했지만 이 페이지가 읽을 수 있는 이유를 알려 주지 않았습니다({data}).",

  "error.BuyerIsSeller": "내가 올린 판매입니다. 자기 자신에게서 살 수는 없습니다.",
  "error.EnergyNotMetered":
    "이 계량기의 판매량이 {soldMilliWh}이(가) 되지만 누적 계량값은 {registerMilliWh}입니다. 같은 전기를 두 번 팔 수 없습니다.",
  "error.InvalidDeliveryWindow":
    "공급 기간은 {minimum}부터 {maximum}까지입니다. {deliveryWindow}은(는) 안 됩니다.",
  "error.InvalidPrice": "{pricePerKWh}은(는) 컨트랙트가 받아들이는 가격이 아닙니다.",
  "error.InvalidProsumer": "{prosumer}은(는) 프로슈머 주소가 될 수 없습니다.",
  "error.InvalidPurchaseData": "구매 내용이 컨트랙트 형식과 다릅니다. 페이지를 새로 고치세요.",
  "error.InvalidQuantity": "{milliWh}은(는) 거래할 수 없습니다. 최소 1 mWh, 최대 4.29 MWh입니다.",
  "error.LengthMismatch": "계량값은 {readings}개인데 서명은 {signatures}개입니다.",
  "error.MeterAlreadyKnown": "계량기 {meter}은(는) 이미 등록되었거나 등록된 적이 있습니다.",
  "error.MeterNotCommissioned": "계량기 {meter}이(가) 등록되지 않았습니다. 운영자에게 문의하세요.",
  "error.NotProsumer": "내 계정 {caller}은(는) 계량기 {meter}의 판매자가 아닙니다.",
  "error.OfferExceeded":
    "판매 {offerId}에는 {remainingMilliWh} 남았습니다. 요청한 {requestedMilliWh}보다 적습니다.",
  "error.OfferExhausted": "판매 {offerId}은(는) 더 나누어 살 수 없습니다. 다른 판매를 고르세요.",
  "error.OfferNotOpen": "판매 {offerId}은(는) 끝났습니다. 다 팔렸거나 취소되었습니다.",
  "error.PaymentTooSmall": "판매 {offerId}의 {milliWh} 값이 화폐의 최소 단위보다 작습니다. 더 많이 사세요.",
  "error.ReadingExceedsOrder":
    "거래 {tradeId}의 주문량은 {orderedMilliWh}입니다. {deliveredMilliWh}은(는) 너무 많습니다.",
  "error.ReadingNotByMeter":
    "거래 {tradeId}의 계량값은 계량기 {meter}이(가) 아니라 {signer}이(가) 서명했습니다.",
  "error.ReadingNotNew":
    "거래 {tradeId}은(는) 이미 {settledMilliWh}까지 정산되었습니다. {deliveredMilliWh}은(는) 새로운 값이 아닙니다.",
  "error.RefundTooEarly": "거래 {tradeId}은(는) {refundableAt}부터 환불할 수 있습니다.",
  "error.RegisterTooLarge": "{registerMilliWh}은(는) 계량기 {meter}의 누적값 범위를 넘습니다.",
  "error.TradeNotOpen": "거래 {tradeId}은(는) 이미 끝났습니다.",
  "error.WrongPayment": "판매 {offerId}의 금액은 {received}이(가) 아니라 {expected}입니다.",
  "error.WrongToken": "{caller}은(는) 이 동네의 토큰이 아닙니다.",
  "error.ConsentNotByMeter": "동의서에 서명한 것은 계량기 {meter}이(가) 아니라 {signer}입니다.",
  "error.InvalidGracePeriod":
    "유예 기간은 {minimum}에서 {maximum} 사이여야 합니다. {gracePeriod}은(는) 안 됩니다.",
  "error.InvalidSmallestOrder":
    "최소 주문량은 1 mWh부터 판매량 {milliWh}까지여야 합니다. {smallestOrderMilliWh}은(는) 안 됩니다.",
  "error.OrderTooSmall":
    "판매 {offerId}은(는) 한 번에 {smallestOrderMilliWh} 이상만 팝니다. {requestedMilliWh}은(는) 너무 적습니다.",
  "error.PaymentExceedsMaximum": "판매 {offerId}의 값은 {payment}로, 허용한 {maxPayment}보다 많습니다.",
  "error.AccessControlBadConfirmation": "권한은 가진 사람만 내려놓을 수 있습니다.",
  "error.AccessControlUnauthorizedAccount": "운영자만 할 수 있습니다. {account}은(는) 운영자가 아닙니다.",
  "error.SafeERC20FailedOperation": "토큰 {token}이(가) 송금을 거절했습니다.",

  "error.InvalidRate": "{tokensPerEther}은(는) 토큰과 이더의 교환 비율이 될 수 없습니다.",
  "error.NoEtherSent": "보낸 이더가 없어 토큰을 살 수 없습니다.",
  "error.RedemptionTooSmall": "{tokens}의 값이 이더의 최소 단위보다 작습니다. 더 많이 바꾸세요.",
  "error.SupplyExhausted": "컨트랙트에 {available} 남았습니다. 요청한 {requested}보다 적습니다.",
  "error.FailedCall": "받는 쪽이 거절하여 이더를 건네지 못했습니다.",
  "error.InsufficientBalance": "컨트랙트에는 {balance} wei가 있고 {needed} wei가 필요합니다.",
  "error.ERC1363ApproveFailed": "{spender}에게 {value} 사용을 승인하지 못했습니다.",
  "error.ERC1363InvalidReceiver": "{receiver}은(는) 이 방식으로 토큰을 받지 않습니다.",
  "error.ERC1363InvalidSpender": "{spender}은(는) 이 방식으로 승인을 받지 않습니다.",
  "error.ERC1363TransferFailed": "{value}을(를) {receiver}에게 보내지 못했습니다.",
  "error.ERC1363TransferFromFailed": "{value}을(를) {sender}에게서 {receiver}에게 보내지 못했습니다.",
  "error.ERC20InsufficientAllowance":
    "{spender}이(가) 쓸 수 있는 금액은 {allowance}이고 {needed}이(가) 필요합니다.",
  "error.ERC20InsufficientBalance": "잔액은 {balance}이고 {needed}이(가) 필요합니다. 먼저 토큰을 받으세요.",
  "error.ERC20InvalidApprover": "{approver}은(는) 사용을 승인할 수 없습니다.",
  "error.ERC20InvalidReceiver": "{receiver}은(는) 토큰을 받을 수 없습니다.",
  "error.ERC20InvalidSender": "{sender}은(는) 토큰을 보낼 수 없습니다.",
  "error.ERC20InvalidSpender": "{spender}은(는) 토큰을 쓸 수 없습니다.",
  "error.ERC2612ExpiredSignature": "사용 허락의 기한이 지났습니다.",
  "error.ERC2612InvalidSigner": "사용 허락은 소유자 {owner}이(가) 아니라 {signer}이(가) 서명했습니다.",
  "error.ECDSAInvalidSignature": "서명이 올바르지 않습니다.",
  "error.ECDSAInvalidSignatureLength": "{length}바이트 서명은 올바르지 않습니다.",
  "error.ECDSAInvalidSignatureS": "서명이 허용된 형식이 아닙니다.",
  "error.InvalidAccountNonce": "{account}의 사용 허락은 이미 쓰였습니다. 다음 번호는 {currentNonce}입니다.",
  "error.InvalidShortString": "컨트랙트의 이름이 올바르지 않습니다.",
  "error.StringTooLong": "컨트랙트의 이름이 너무 깁니다.",
};
