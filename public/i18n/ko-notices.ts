import type { enNotices } from "./en-notices";

/** Korean for the notices. */
export const koNotices: Record<keyof typeof enNotices, string> = {
  "notices.label": "알림",
  "notices.last": "방금 한 일",
  "notice.pageOlder.title": "이 페이지는 서버보다 오래되었습니다.",
  "notice.pageOlder.text":
    "집에 새 페이지가 있어 이 페이지의 일부가 없어졌습니다. 거래는 그동안에도 이어집니다.",
  "notice.configFailed.title": "집이 응답하지 않습니다.",
  "notice.configFailed.text": "서버가 설정을 주지 않았습니다. 아직 켜지는 중인가요?",
  "notice.noWallet.title": "지갑이 없습니다.",
  "notice.noWallet.text": "둘러볼 수는 있습니다. 거래하려면 이 브라우저에 MetaMask 같은 지갑을 추가하세요.",
  "notice.wrongNetwork.title": "지갑이 다른 네트워크에 있습니다.",
  "notice.wrongNetwork.text": "이 동네는 {chain}에서 거래합니다.",
  "notice.walletElsewhere.title": "이 기기의 지갑은 체인에 접속할 수 없습니다.",
  "notice.walletElsewhere.text":
    "집이 지갑에 알려 주는 주소는 {rpcUrl}인데, 이 기기에서는 이 기기 자신을 뜻합니다.",
  "notice.walletElsewhere.help":
    "실습 지갑이 있으면 그것으로 거래하세요. 주소가 필요 없습니다. 내 지갑으로 거래하려면 이 페이지를 제공하는 컴퓨터에서 하거나, 운영자에게 PUBLIC_RPC_URL을 이 기기가 접속할 수 있는 https 주소로 정해 달라고 하세요.",
  "notice.walletOnOldChain.title": "{wallet}이(가) 같은 이름의 옛 체인에 있습니다.",
  "notice.walletOnOldChain.text":
    "체인이 새로 시작되었는데 지갑이 아직 모릅니다. 지갑이 알 때까지 페이지는 아무것도 보내지 않습니다. 트랜잭션이 보이지 않게 기다리다가 나중에 저절로 실행될 수 있기 때문입니다.",
  "notice.walletOnOldChain.help":
    "두 가지를 차례로 하세요. 먼저 브라우저를 다시 시작합니다. 창을 모두 닫았다가 다시 열면 지갑이 옛 블록 번호를 잊습니다. 그런 다음 지갑의 활동 데이터를 지웁니다. MetaMask에서는 이 네트워크를 고른 뒤 설정 → 고급 → 활동 탭 데이터 지우기입니다. 키는 그대로입니다.",
  "notice.nonceAhead.title": "트랜잭션이 있지도 않은 트랜잭션을 기다립니다.",
  "notice.nonceAhead.text":
    "지갑이 붙인 번호는 {nonce}인데 체인이 기다리는 번호는 {expected}입니다. 그 앞의 번호들을 보내고 나면 나중에 저절로 실행됩니다.",
  "notice.nonceAhead.help":
    "더 원하지 않으면 지갑에서 취소하세요. 그런 다음 브라우저를 다시 시작하고 지갑의 활동 데이터를 지우세요. MetaMask에서는 이 네트워크를 고른 뒤 설정 → 고급 → 활동 탭 데이터 지우기입니다. 그러면 다음 트랜잭션의 번호가 맞습니다.",
  "notice.chainAnother.title": "지난번과 다른 체인입니다.",
  "notice.chainAnother.text":
    "체인이 새로 시작되어 옛 체인에서 사고 가졌던 것은 함께 없어졌습니다. 내 지갑을 쓴다면 거래하기 전에 브라우저를 다시 시작하고 지갑의 활동 데이터를 지우세요.",
  "notice.walletLocked.title": "{wallet}이(가) 잠겨 있습니다.",
  "notice.walletLocked.text":
    "잠금을 풀면 페이지가 저절로 다시 연결합니다. 지갑에서 이 페이지의 연결을 끊었다면 다시 연결하세요.",
  "notice.walletOffline.title": "{wallet}이(가) 노드를 잃었습니다.",
  "notice.walletOffline.text": "잔액과 트랜잭션은 마지막으로 확인한 값입니다.",
  "notice.walletOffline.help":
    "지갑은 {rpcUrl}에서 체인에 접속합니다. 그곳에 노드가 켜져 있는지, 방화벽이나 프록시가 막지 않는지 확인하세요. 응답하면 페이지가 저절로 이어집니다.",
  "notice.noContracts.title": "이 체인에 컨트랙트가 없습니다.",
  "notice.noContracts.text":
    "마이그레이션하지 않았거나 체인이 초기화되었습니다. npm start로 다시 시작하거나 npx truffle migrate --network embedded(geth에서는 --network geth)를 실행한 뒤 다시 시도하세요.",
  "notice.serverGone.title": "서버와 끊어졌습니다.",
  "notice.serverGone.text":
    "보이는 것은 마지막 소식입니다. 돈은 체인에 안전하게 있고, 페이지는 계속 다시 시도합니다.",
  "notice.nodeGone.title": "집이 체인을 잃었습니다.",
  "notice.nodeGone.text": "노드가 돌아오면 거래가 이어집니다.",
  "notice.nodeGone.help": "서버의 말: {detail}. 노드를 다시 켜세요. 그동안 잃는 것은 없습니다.",
  "notice.chainSilent.title": "새 블록이 오지 않습니다.",
  "notice.chainSilent.text": "보낸 거래는 체인이 다시 움직일 때까지 기다립니다. 이미 산 것은 안전합니다.",
  "notice.chainSilent.help":
    "서버의 말: {detail}. 블록을 봉인하는 노드가 켜져 있고 다른 노드와 이어져 있는지 확인하세요.",
  "notice.busAway.title": "다른 서버의 집 소식이 제대로 들리지 않습니다.",
  "notice.busAway.text": "사고파는 것과 공급은 이어집니다. 다른 집이 얼마나 공급했는지는 보이지 않습니다.",
  "notice.busAway.help":
    "서버 사이 버스에 대한 서버의 말: {detail}. BUS에 적은 브로커가 켜져 있고 이 서버를 받아들이는지 확인하세요(docs/bus.md).",
  "notice.rebuilding.title": "체인이 이전과 다릅니다.",
  "notice.rebuilding.text": "집이 옛 체인을 잊고 새 체인을 처음부터 읽습니다.",
  "notice.rebuilding.help":
    "내 지갑을 쓴다면 브라우저를 다시 시작하고 이 네트워크의 활동 데이터를 지우세요. 그러지 않으면 블록 번호와 트랜잭션 번호가 어긋납니다.",
  "notice.meterHalted.title": "다른 서버가 이 계량기의 키를 쓰고 있어 공급을 멈췄습니다.",
  "notice.meterHalted.text":
    "거래 {tradeId}이(가) 블록 {block}에서 이 서버가 서명하지 않은 계량값으로 정산되었습니다. 전기가 두 번 흐르고 한 번만 지급되므로, 릴레이를 열었고 계속 열어 둡니다.",
  "notice.meterHalted.help":
    "데이터 폴더를 복사해 양쪽을 모두 시작했습니까? 다른 서버를 멈추거나, 그 서버에 별도의 데이터 폴더(DATA_DIR)와 별도의 계량기를 주세요. 그런 다음 이 서버를 다시 시작하면 멈춘 곳에서 이어집니다.",
  "notice.homeFailed.title": "고장으로 이 집의 공급을 멈췄습니다.",
  "notice.homeFailed.text": "릴레이를 열었고 아무것도 공급하지 않습니다: {detail}.",
  "notice.homeFailed.help":
    "다른 집은 계속합니다. 자세한 내용은 서버의 기록에 있습니다. 고친 다음 서버를 다시 시작하면 멈춘 곳에서 이어집니다.",
  "notice.meterFault.title": "계량기 배선이 잘못되었습니다.",
  "notice.meterFault.text": "올바른 배선에서는 나올 수 없는 값입니다.",
  "notice.meterFault.currentBackwards":
    "이웃으로 가는 전류가 거꾸로 흐릅니다. A0에 연결된 전류 센서의 두 전선을 서로 바꾸세요.",
  "notice.meterFault.currentOutOfRange":
    "전류 센서가 잴 수 있는 범위를 넘었습니다. A0로 가는 전선을 확인하세요. 부하가 5 A를 넘는지도 확인하세요.",
  "notice.meterFault.currentThroughOpenRelay":
    "릴레이가 열려 있는데 전류가 흐릅니다. 접점이 붙었거나, 릴레이 배선 또는 A0 전선이 잘못되었습니다.",
  "notice.meterFault.noBatteryVolts":
    "배터리 전압이 보이지 않습니다. 분압기에서 A1로 가는 전선과 배터리 퓨즈를 확인하세요.",
  "notice.meterFault.batteryOutOfRange":
    "배터리 전압이 눈금 끝에 있습니다. A1의 분압기와 그 비율을 확인하세요.",
  "notice.meterFault.panelBackwards":
    "태양광 패널의 전류가 거꾸로 흐릅니다. A2에 연결된 센서의 두 전선을 서로 바꾸세요.",
  "notice.meterFault.panelOutOfRange":
    "패널의 전류 센서가 잴 수 있는 범위를 넘었습니다. A2로 가는 전선을 확인하세요.",
  "notice.meterFault.help":
    "고칠 때까지 릴레이가 열려 있어 전기가 흐르지 않습니다. 배선도는 docs/wiring.md에 있습니다. 계량기는 늦어도 5분 뒤에 저절로 다시 시도하며, 계량한 값은 남아 있습니다.",
  "notice.meterFault.helpPanel":
    "패널의 값만 보이지 않습니다. 이웃으로 흐르는 전기는 그대로 계량되고 판매됩니다. 배선도는 docs/wiring.md에 있습니다.",
  "notice.meterGone.title": "계량기가 응답하지 않습니다.",
  "notice.meterGone.text": "릴레이가 열려 있어 전기가 흐르지 않습니다. 돌아오면 공급이 이어집니다.",
  "notice.meterGone.help":
    "Arduino에 전원이 있고 USB 케이블 양쪽이 꽂혀 있는지 확인한 뒤 몇 초 기다리세요. 집이 저절로 다시 연결하며, 계량한 값은 남아 있습니다.",
  "notice.simulationFailed.title": "실패할 것이어서 보내지 않았습니다.",
  "notice.simulationFailed.text": "{reason}",
  "notice.rejected.title": "보내지 않았습니다.",
  "notice.rejected.connect": "연결하지 않았습니다.",
  "notice.rejected.switch": "네트워크를 그대로 둡니다.",
  "notice.rejected.watch": "지갑에 추가하지 않았습니다.",
  "notice.rejected.text": "지갑에서 거절하셨습니다. 바뀐 것은 없습니다.",
  "notice.accountChanged.title": "그사이 다른 계정이 선택되었습니다.",
  "notice.accountChanged.text": "아무것도 보내지 않았습니다. 지금 보이는 계정으로 하려면 다시 누르세요.",
  "notice.windowOpen.title": "지갑 창이 이미 열려 있습니다.",
  "notice.windowOpen.text": "먼저 그 창에 답하세요. 이 창 뒤나 도구 모음에 있을 수 있습니다.",
  "notice.notConnected.title": "지갑 연결이 끊어졌습니다.",
  "notice.notConnected.text": "계속하려면 다시 연결하세요.",
  "notice.staleNonce.title": "지갑이 옛 체인의 트랜잭션 번호를 세고 있습니다.",
  "notice.staleNonce.text": "같은 이름의 체인이 초기화되었습니다.",
  "notice.staleNonce.help":
    "브라우저를 다시 시작한 다음 지갑의 활동 데이터를 지우세요. MetaMask에서는 이 네트워크를 고른 뒤 설정 → 고급 → 활동 탭 데이터 지우기입니다. 키는 그대로입니다. 그런 다음 다시 시도하세요.",
  "notice.noEther.title": "수수료로 낼 이더가 부족합니다.",
  "notice.noEther.text": "모든 트랜잭션에는 보내는 사람의 이더가 조금 듭니다.",
  "notice.chainNotAddable.title": "이 네트워크를 직접 추가하세요.",
  "notice.chainNotAddable.text":
    "지갑은 https이거나 127.0.0.1일 때만 한 번에 네트워크를 추가합니다. 아래 값을 지갑의 ‘네트워크 추가’에 복사하세요. 127.0.0.1이 필요하면 포트를 전달하세요: ssh -L 8545:127.0.0.1:8545 와 집의 주소.",
  "notice.unsupported.title": "이 지갑으로는 할 수 없습니다.",
  "notice.unsupported.text": "바뀐 것은 없습니다.",
  "notice.failed.title": "잘되지 않았습니다.",
  "notice.failed.text": "{reason}",
  "mend.reload": "다시 시도",
  "mend.reloadPage": "페이지 새로 열기",
  "mend.getWallet": "MetaMask 받기",
  "mend.switchNetwork": "네트워크 전환",
  "mend.switchAdded": "추가했어요: 전환",
  "mend.retryServer": "지금 다시 시도",
  "mend.help": "해결 방법",
  "mend.dismiss": "확인",
  "mend.unlock": "잠금 풀기",
  "mend.connect": "연결",
  "mend.getEther": "이더 받기",
  "network.name": "네트워크 이름",
  "network.rpc": "RPC 주소",
  "network.chainId": "체인 ID",
  "network.symbol": "통화 기호",
  "network.copy": "복사",
};
