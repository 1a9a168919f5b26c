#!/bin/sh
# Says plainly which tools are missing and how to get them. tools.sh test also installs what
# the tests need (PostgreSQL, Chromium, Chinese fonts) where it may.
set -eu
missing=0
need() { # command, what for, how
	command -v "$1" >/dev/null 2>&1 && return
	echo "missing: $1 ($2). Get it: $3" >&2
	missing=1
}
need git "version control" "apt-get install git"
need go "Go 1.26 or newer, builds the program" "https://go.dev/dl"
need node "Node.js 20 or newer, builds the pages" "https://nodejs.org, or apt-get install nodejs npm"
need npm "comes with Node.js" "apt-get install npm"
[ $missing = 0 ] || exit 1
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 20 ] || { echo "Node.js $(node --version) is too old: 20 or newer is needed (https://nodejs.org)" >&2; exit 1; }
[ "${1:-}" = test ] || exit 0

wanted=""
ls -d /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted="$wanted postgresql"
command -v "${CHROMIUM:-chromium}" >/dev/null 2>&1 || wanted="$wanted chromium"
fc-list :lang=zh 2>/dev/null | grep -q . || wanted="$wanted fonts-noto-cjk fontconfig"
[ -z "$wanted" ] && exit 0
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if command -v apt-get >/dev/null 2>&1 && $sudo true 2>/dev/null; then
	echo "installing for the tests:$wanted"
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get -o DPkg::Lock::Timeout=400 update -qq >/dev/null
	# The Debian package would start a server of its own; the tests start theirs.
	$sudo mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
	# shellcheck disable=SC2086
	$sudo apt-get -o DPkg::Lock::Timeout=400 install -y -qq --no-install-recommends $wanted >/dev/null
else
	echo "the tests need:$wanted. Get them: apt-get install$wanted" >&2
	exit 1
fi
