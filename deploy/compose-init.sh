#!/bin/sh
# Makes the accounts of N nodes and a chain with all of them as authorities, once: then every database in CCOIN_DATADIR
# holds the genesis block. Goes on where an earlier run was interrupted. compose.yaml runs it before the nodes.
# Usage: deploy/compose-init.sh [N=4]
set -eu
data="${CCOIN_DATADIR:?}"
count="${1:-4}"
[ -e "$data/compose-ready" ] && exit 0

ids=1
for id in $(seq "$count"); do
  [ -e "$data/node-$id/account.json" ] || ccoin create-account --nodeid="$id" --balance=1000000
  [ "$id" = 1 ] || ids="$ids,$id"
done
rm -f "$data/genesis.ccoin"
if ! ccoin export "$data/genesis.ccoin" --nodeid=1 2>/dev/null; then
  ccoin genesis --nodeids="$ids" --period=1000 --name=compose --force -o "$data/genesis.json"
  ccoin init -c "$data/genesis.json" --nodeid=1
  ccoin export "$data/genesis.ccoin" --nodeid=1
fi
for id in $(seq 2 "$count"); do ccoin import "$data/genesis.ccoin" --nodeid="$id"; done
touch "$data/compose-ready"
