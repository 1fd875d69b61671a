# What install, upgrade and rollback share; sourced by them.  Folders may be moved by the environment.
# shellcheck shell=bash disable=SC2034
APP=${TICKETING_HOME:-/opt/ticketing-system}
DATA=${TICKETING_DATA:-/var/lib/ticketing-system}
ETC=${TICKETING_ETC:-/etc/ticketing-system}
UNIT=ticketing-system
OWNER=${TICKETING_OWNER:-ticketing}
WAIT=${TICKETING_WAIT:-60} # seconds until a release must be ready
ME=$(basename "$0")
SCRATCH=
TRIAL=

say() { echo "$ME: $*"; }
die() {
    echo "$ME: $*" >&2
    exit 1
}

# Ends what was started and removes the scratch folder, however the script ends.
clean_up() {
    [ -z "$TRIAL" ] || stop_trial
    [ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
}

make_scratch() {
    SCRATCH=$(mktemp -d "$DATA/.$ME.XXXXXX")
    trap clean_up EXIT
    trap 'exit 1' INT TERM HUP
    chown --reference="$DATA" "$SCRATCH"
}

only_one() { # upgrade and rollback wait for nobody
    exec 9>"$APP/.deploy.lock"
    flock -n 9 || die "another upgrade or rollback is running"
}

now_ms() { date +%s%3N; }

# Every file of a release is the one that was packed.
verify_release() {
    [ -f "$1/SHA256SUMS" ] || die "$1 has no SHA256SUMS: it is no release"
    (cd "$1" && sha256sum --check --strict --quiet SHA256SUMS) || die "$1 is damaged"
    [ -x "$1/server" ] || die "$1/server cannot be executed"
}

version_of() { "$1" version || die "$1 does not run here: $(ldd "$1" 2>&1 | grep 'not found' | tr -s ' \t\n' ' ')"; }

# The newest migration that a binary knows, asked of a database ($2…: settings).
schema_of() {
    local binary=$1
    shift
    # Its exit code tells whether a migration waits or is unknown, which is what is asked here.
    (cd "$APP" || exit; env "$@" "$binary" migrate --status || true) | grep -v 'OF A NEWER PROGRAM' | sed -n '$s/^0*\([0-9]*\) .*/\1/p'
}

setting() { (cd "$APP" && "${BINARY:-./server}" config) | sed -n "s/^$1=\([^ ]*\).*/\1/p"; }
is_sqlite() { [[ $(setting DATABASE_URL) == sqlite:* ]]; }

# A consistent copy of database and attachments in $SCRATCH/copy, made while the server writes.
copy_data() {
    local place=()
    [ -n "$(setting BACKUP_DIR)" ] || place=(BACKUP_DIR="$SCRATCH/backup" BACKUP_SHIP=0)
    (cd "$APP" && env "${place[@]}" "$1" backup create --no-offsite && env "${place[@]}" "$1" restore --to "$SCRATCH/copy") \
        >"$SCRATCH/copy.log" 2>&1 ||
        die "no copy of the database could be made: $(tail -n 3 "$SCRATCH/copy.log")"
    COPY=(DATABASE_URL="sqlite:///$(find "$SCRATCH/copy" -maxdepth 1 -name '*.db' | head -n 1)" DATA_DIR="$SCRATCH/copy"
        SPOOL_DIR="$SCRATCH" BACKUP_DIR="" BACKUP_OFFSITE="" UNIX_SOCKET="" TLS_REDIRECT_PORT=0 LOG_FORMAT=json)
}

# Starts a binary on the copy, on a free port of this machine alone, and waits until it is ready.
start_trial() {
    local binary=$1 end
    : >"$SCRATCH/trial.log"
    chown --reference="$DATA" "$SCRATCH/trial.log"
    (cd "$APP" && exec env -u NOTIFY_SOCKET -u LISTEN_FDS "${COPY[@]}" SERVER_HOST=127.0.0.1 SERVER_PORT=0 "$binary" serve) \
        >>"$SCRATCH/trial.log" 2>&1 9>&- &
    TRIAL=$!
    end=$(($(now_ms) + WAIT * 1000))
    until [ -n "$(trial_port)" ] && (cd "$APP" && "$binary" health ready --url "$(trial_scheme)://127.0.0.1:$(trial_port)") >/dev/null 2>&1; do
        kill -0 "$TRIAL" 2>/dev/null || return 1
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.05
    done
}
trial_port() { sed -n 's/.*"event":"server.ready".*"port":\([0-9]*\).*/\1/p' "$SCRATCH/trial.log" | tail -n 1; }
trial_scheme() { [ -n "$(setting TLS_CERT)" ] && echo https || echo http; }
stop_trial() {
    kill "$TRIAL" 2>/dev/null || true
    wait "$TRIAL" 2>/dev/null || true
    TRIAL=
}

# Puts a release's files in place of those in use; the binary last and in one step.
switch_to() {
    local from=$1 folder
    for folder in docs deploy; do
        rm -rf "$APP/.new.$folder"
        cp -R "$from/$folder" "$APP/.new.$folder"
        rm -rf "$APP/.old.$folder"
        [ ! -e "$APP/$folder" ] || mv "$APP/$folder" "$APP/.old.$folder"
        mv "$APP/.new.$folder" "$APP/$folder"
        rm -rf "$APP/.old.$folder"
    done
    install -m 0644 "$from/release.json" "$APP/.release.json.new"
    install -m 0755 "$from/server" "$APP/.server.new"
    sync "$APP/.server.new"
    mv -f "$APP/.release.json.new" "$APP/release.json"
    mv -f "$APP/.server.new" "$APP/server"
}

# Keeps the whole tree of a release as releases/VERSION.
keep_release() {
    local from=$1 to=$APP/releases/$2
    [ "$(readlink -f "$from")" != "$(readlink -f "$to")" ] || return 0
    rm -rf "$to.new"
    mkdir -p "$APP/releases"
    cp -R "$from" "$to.new"
    chmod -R u=rwX,go=rX "$to.new"
    rm -rf "$to"
    mv "$to.new" "$to"
}

# Ready within WAIT seconds, and a second later still.
wait_ready() {
    local end=$(($(now_ms) + WAIT * 1000))
    until is_ready; do
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.1
    done
    READY_MS=$(now_ms)
    sleep 1
    is_ready
}
is_ready() { (cd "$APP" && timeout 5 ./server health ready) >/dev/null 2>&1; }

record() { # kind, --ok or --failed, summary, figures; a failure to record is told, nothing more
    (cd "$APP" && ./server evidence add "$1" "$2" --summary "$3" --figures "$4") || say "could not record: $3"
}
