#!/bin/bash
# Everything that must be true: lint, Go tests on both engines, stories, front end, browser.
set -euo pipefail
cd "$(dirname "$0")/.."
sh scripts/tools.sh test
export GOTOOLCHAIN=local
lines=() bad=0
step() { # name, command…: goes on after a failure, so that one run tells everything
	local name=$1 from=$SECONDS
	shift
	echo "== $name"
	if "$@"; then lines+=("$name: ok, $((SECONDS - from)) s"); else lines+=("$name: FAILED, $((SECONDS - from)) s") bad=1; fi
}
# Tests make and drop hundreds of databases: where memory has room for them, they lie there.
above() { [ "${2:-0}" -gt "$1" ]; }
export GOTMPDIR=${TMPDIR:-/tmp}
room=$GOTMPDIR
if above 4000000 "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" &&
	above 8000000 "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo 2>/dev/null)"; then room=/dev/shm; fi
TMPDIR=$(mktemp -d "$room/gezhi-test-XXXXXX")
chmod 755 "$TMPDIR" # PostgreSQL runs as somebody else
export TMPDIR
log=$(mktemp -d)
trap 'sh internal/dbtest/postgres.sh stop "${GEZHI_TEST_POSTGRES:-}" 2>/dev/null || true; rm -rf "$TMPDIR"' EXIT
export GOFLAGS="${GOFLAGS:-} -trimpath" # as make build has it, so that everything is compiled once

# A module of its own, whose sums must follow the product's. What needs SQLite in C is only listed.
bench() (cd bench && list=$(go list -f '{{.ImportPath}} {{join .Deps " "}}' ./...) && go vet $(grep -v go-sqlite3 <<<"$list" | cut -d ' ' -f 1))
formatted() { local f; f=$(gofmt -l cmd internal packs scripts ui/*.go bench e2e 2>/dev/null); [ -z "$f" ] || { echo "gofmt: $f"; return 1; }; }
# tests wait for their databases: one package more than there are processors
gotest() { go test -p $(($(getconf _NPROCESSORS_ONLN) + 1)) -json -count=1 -vet=off ${RACE:+-race} ./... | go run ./scripts/tally | tee "$log/go"; }
vitest() { npm --prefix ui test 2>&1 | tee "$log/vitest"; }
browser() { npm --prefix ui run e2e 2>&1 | tee "$log/e2e"; }
walk() { npm --prefix ui run walk 2>&1 | tee "$log/walk"; }

step "front-end packages" make -s ui/node_modules/.stamp
step "front-end build (vue-tsc, vite)" make -s ui/dist/.stamp
step "build" make -s bin/gezhi
step "gofmt" formatted
step "go vet" go vet ./...
step "go vet of the bench" bench
step "staticcheck" make -s staticcheck
GEZHI_TEST_POSTGRES=$(sh internal/dbtest/postgres.sh start)
export GEZHI_TEST_POSTGRES
step "go test" gotest
step "types of the API" npm --prefix ui run api:check
step "vitest" vitest
step "sizes" npm --prefix ui run budget
step "browser, pages alone" browser
step "browser, whole binary" walk

echo
# what went wrong, once more at the end
[ $bad = 0 ] || sed -nE 's/\x1b\[[0-9;]*m//g; /^ *(Error:|Locator:|Expected|Received|--- FAIL|FAIL |fail )|^ *> +[0-9]+ \|/p' "$log"/* | cut -c 1-300 | tail -n 12
printf '%s\n' "${lines[@]}"
number() { grep -oE "[0-9]+ $1" "$2" 2>/dev/null | tail -n 1 | grep -oE '[0-9]+' || echo 0; }
passed=$(($(number passed "$log/go") + $(number passed "$log/vitest") + $(number passed "$log/e2e") + $(number passed "$log/walk")))
failed=$(($(number failed "$log/go") + $(number failed "$log/vitest") + $(number failed "$log/e2e") + $(number failed "$log/walk")))
skipped=$(($(number skipped "$log/go") + $(number skipped "$log/vitest") + $(number skipped "$log/e2e") + $(number skipped "$log/walk")))
flaky=$(($(number flaky "$log/e2e") + $(number flaky "$log/walk")))
[ $flaky = 0 ] || sed -nE 's/\x1b\[[0-9;]*m//g; /^ +[0-9]+ flaky$/,/^ +[0-9]+ (passed|skipped)/ s/^ {4}/at the second try only: /p' "$log/e2e" "$log/walk"
[ $bad = 0 ] || failed=$((failed > 0 ? failed : 1))
echo "$((passed + flaky)) passed, $failed failed, $skipped skipped"
exit $bad
