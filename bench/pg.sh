#!/bin/sh
# pg.sh start [PID]: starts a PostgreSQL on loopback, as durable as it comes, and prints its address. Its folder
# under /var/tmp stays, with the databases that were seeded: delete it to begin anew.
# With PID it stops by itself once that process has ended. pg.sh stop ends it.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed: apt-get install postgresql" >&2; exit 1; }
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
case "${1:-}" in
start)
	dir=/var/tmp/gezhi-bench-pg-$(id -u)
	mkdir -p "$dir"
	[ "$(id -u)" = 0 ] && chown postgres "$dir"
	cd "$dir"
	[ -d data ] || as "$bin/initdb" -D "$dir/data" -U gezhi -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1
	as "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1 && as "$bin/pg_ctl" -D "$dir/data" -m fast stop >/dev/null # of a run that was cut off
	port=$((20000 + $$ % 20000)) tries=0
	until as "$bin/pg_ctl" -D "$dir/data" -w -t 30 -l "$dir/server.log" \
		-o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=300 -c shared_buffers=256MB" start >"$dir/start.log" 2>&1; do
		tries=$((tries + 1)) port=$((port + 37))
		[ $tries -lt 5 ] || { cat "$dir/server.log" >&2; exit 1; }
	done
	if [ -n "${2:-}" ]; then
		(while kill -0 "$2" 2>/dev/null; do sleep 1; done
			as "$bin/pg_ctl" -D "$dir/data" -m fast stop) >/dev/null 2>&1 &
	fi
	printf 'postgres://gezhi@127.0.0.1:%s/postgres?sslmode=disable' "$port"
	;;
stop)
	dir=/var/tmp/gezhi-bench-pg-$(id -u)
	cd /tmp
	as "$bin/pg_ctl" -D "$dir/data" -m fast stop >/dev/null
	;;
*) echo "usage: pg.sh start [PID] | stop" >&2; exit 2 ;;
esac
