#!/bin/sh
# A throw-away PostgreSQL for tests, as a user that is not root, on a free loopback port.
#   pg.sh run COMMAND…   starts one, runs COMMAND with TEST_DATABASE_URL, stops it
#   pg.sh start          starts one and prints "URL FOLDER"
#   pg.sh restart FOLDER     stops it at once, as a crash would, and starts it on the same port
#   pg.sh halt FOLDER        stops it at once; its data stay
#   pg.sh resume FOLDER      starts it again on the same port
#   pg.sh stop FOLDER        stops it and removes everything
# Nothing in it is durable (no fsync).  PG_TEMPLATE names a folder that keeps an initialised cluster
# between runs.
set -eu

self=$(readlink -f "$0")
bin=${PG_BIN:-}
[ -n "$bin" ] || bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || bin=$(pg_config --bindir)
base=${TMPDIR:-/tmp}
[ -w /dev/shm ] && base=/dev/shm

as_user() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
        return
    fi
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    (cd / && setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@")
}

own() {
    [ "$(id -u)" != 0 ] || chown -R "$(as_user id -u)" "$1"
}

init_into() {
    as_user "$bin/initdb" -D "$1" -U test -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
    cat >>"$1/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 60
shared_buffers = 32MB
autovacuum = off
deadlock_timeout = 50ms
max_wal_size = 256MB
log_min_messages = fatal
CONF
}

# A copy of the kept cluster, which the first run makes (rename is atomic: the last one wins).
make_data() {
    template=${PG_TEMPLATE:-}
    if [ -z "$template" ]; then
        init_into "$1/data"
        return
    fi
    if [ ! -r "$template/PG_VERSION" ]; then
        init_into "$1/data"
        cp -a "$1/data" "$template.$$"
        mv -T "$template.$$" "$template" 2>/dev/null || rm -rf "$template.$$"
        return
    fi
    cp -a "$template" "$1/data"
}

start() {
    dir=$1
    tries=0
    while :; do
        port=$(cat "$dir/port" 2>/dev/null || python3 -c \
            'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        if as_user "$bin/pg_ctl" -D "$dir/data" -o "-p $port" -l "$dir/log" -w -t 60 start >/dev/null 2>&1; then
            echo "$port" >"$dir/port"
            return
        fi
        tries=$((tries + 1))
        [ "$tries" -lt 5 ] || { cat "$dir/log" >&2; return 1; }
    done
}

stop() {
    as_user "$bin/pg_ctl" -D "$1/data" -m immediate stop >/dev/null 2>&1 || :
}

new() {
    dir=$(mktemp -d "$base/pgtest.XXXXXX")
    own "$dir"
    make_data "$dir"
    start "$dir"
    url="postgres://test@127.0.0.1:$(cat "$dir/port")/postgres"
}

case ${1:-} in
run)
    shift
    dir=
    trap 'if [ -n "$dir" ]; then stop "$dir"; rm -rf "$dir"; fi' EXIT
    trap 'exit 143' TERM INT HUP
    new
    TEST_DATABASE_URL=$url TEST_PG_RESTART="$self restart $dir" "$@"
    ;;
start)
    new
    echo "$url $dir"
    ;;
restart)
    stop "$2"
    start "$2"
    ;;
halt)
    stop "$2"
    ;;
resume)
    start "$2"
    ;;
stop)
    stop "$2"
    rm -rf "$2"
    ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
