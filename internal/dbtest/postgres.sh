#!/bin/sh
# postgres.sh start [PID]: starts a throwaway PostgreSQL on loopback and prints its address.
# With PID it stops by itself once that process has ended. postgres.sh stop ADDRESS ends it.
# Its files lie in TMPDIR, which the user postgres must be able to enter.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed: apt-get install postgresql" >&2; exit 1; }
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
case "${1:-}" in
start)
	dir=$(mktemp -d "${TMPDIR:-/tmp}/gezhi-pg-XXXXXX")
	[ "$(id -u)" = 0 ] && chown postgres "$dir"
	cd "$dir"
	as "$bin/initdb" -D "$dir/data" -U gezhi -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1
	port=$((20000 + $$ % 20000)) tries=0
	until as "$bin/pg_ctl" -D "$dir/data" -w -t 30 -l "$dir/server.log" \
		-o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB" start >"$dir/start.log" 2>&1; do
		tries=$((tries + 1)) port=$((port + 37))
		[ $tries -lt 5 ] || { cat "$dir/server.log" >&2; exit 1; }
	done
	if [ -n "${2:-}" ]; then
		(while kill -0 "$2" 2>/dev/null; do sleep 1; done
			as "$bin/pg_ctl" -D "$dir/data" -m immediate stop
			rm -rf "$dir") >/dev/null 2>&1 &
	fi
	printf 'postgres://gezhi@127.0.0.1:%s/postgres?sslmode=disable' "$port"
	;;
stop)
	port=$(printf %s "$2" | sed 's/.*127.0.0.1:\([0-9]*\).*/\1/')
	for dir in "${TMPDIR:-/tmp}"/gezhi-pg-*; do
		if [ -f "$dir/data/postmaster.pid" ] && [ "$(sed -n 4p "$dir/data/postmaster.pid")" = "$port" ]; then
			cd /tmp
			as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null && rm -rf "$dir"
		fi
	done
	;;
*) echo "usage: postgres.sh start [PID] | stop ADDRESS" >&2; exit 2 ;;
esac
