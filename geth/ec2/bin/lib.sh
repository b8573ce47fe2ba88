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

# shellcheck disable=SC1091 # ROLE, ADDRESS, CHAIN_ID, PEERING_PORT, GO, NODE1_ADDRESS
. "$settings/settings"

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

say() { printf '%s\n' "$*" >&2; }

# Files are made by root here; geth runs as an account of its own.
give_to_geth() { [ -n "$root" ] || chown -R geth:geth "$1"; }

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
