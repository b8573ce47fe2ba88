# What the other scripts share. NEIGHBORWATT_ROOT is a folder that stands for / in tests; nothing sets it on a machine.
# shellcheck shell=bash disable=SC2034 # used by those who read this file
set -euo pipefail

root=${NEIGHBORWATT_ROOT:-}
house=$root/opt/neighborwatt
settings=$root/etc/neighborwatt
data=$root/var/lib/geth
published=$root/srv/neighborwatt
geth=${GETH_BIN:-/usr/local/bin/geth}
puppeth=${PUPPETH_BIN:-/usr/local/bin/puppeth}

# shellcheck disable=SC1091 # ROLE, ADDRESS, CHAIN_ID, PEERING_PORT, GO, PEER_ADDRESS
. "$settings/settings"

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

say() { printf '%s\n' "$*" >&2; }

# Files are made by root here; geth runs as an account of its own.
# The password is on the same volume, to be backed up
# with its key, but stays root's: systemd hands it over.
give_to_geth() {
  [ -z "$root" ] || return 0
  chown -R geth:geth "$1"
  [ ! -e "$data/sealer-password" ] || chown root:root "$data/sealer-password"
}

# A file appears whole or not at all: writes stdin to $2 with mode $1.
write_whole() {
  local new
  new=$(mktemp "$2.XXXXXX")
  cat >"$new"
  chmod "$1" "$new"
  mv "$new" "$2"
}

# geth init refuses another genesis over a chain that exists, and repeats the same one harmlessly.
init_chain() {
  "$geth" --datadir "$data" --verbosity 1 init "$1" || die "geth refused the genesis: see above. If this folder holds" \
    "another network's chain, move $data/geth away first."
  give_to_geth "$data"
}

# The public half of the node's own key, which geth makes at its first start: one start without peers, ports or sealing.
# Not while geth runs: it alone may open the folder.
own_enode() {
  local id
  id=$("$geth" --datadir "$data" --verbosity 0 --nodiscover --nat none --maxpeers 0 --port 0 --authrpc.port 0 \
    --ipcdisable --exec admin.nodeInfo.enode console 2>/dev/null | grep -oE '[0-9a-f]{128}') ||
    die "geth did not tell its enode. Is it running? Then stop it first: systemctl stop geth"
  give_to_geth "$data"
  printf '%s' "enode://$id@$ADDRESS:$PEERING_PORT?discport=0"
}

# Both nodes name each other, so that whichever comes back dials at once; one that only waits to be dialled waits 30 s.
name_peer() {
  [[ $1 =~ ^enode://[0-9a-f]{128}@(.+)$ && ${BASH_REMATCH[1]} = "$PEER_ADDRESS:$PEERING_PORT?discport=0" ]] ||
    die "this is not the enode of the other machine, $PEER_ADDRESS: $1"
  write_whole 0644 "$settings/peers.toml" <<TOML
[Node.P2P]
StaticNodes = ["$1"]
TOML
}
