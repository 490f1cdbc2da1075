# Starts a throw-away server, and removes it and its directory when nobody holds the lock any more:
# a lock goes with its holder, also when the holder is killed. Runs as the account of the server, in a
# process group of its own, with these in the environment:
#   KIND         postgres or pgbouncer
#   PROGRAMS     the directory of their binaries
#   DIRECTORY    what to work in, and to remove at the end
#   LOCK         the file that everyone who uses the server holds a shared lock on
#   STATE        the file that says where it is, to be removed as well
#   LINGER_SECS  how long nobody may use it before it ends; 0 to end at once
# Says `ready` when the server answers, or else why it does not, and exits with 1.
set -u
cd "$DIRECTORY" || exit 1
exec 9<"$LOCK" || exit 1
# A terminal that closes or is interrupted ends the holders, and they end us.
trap '' HUP INT

server=

stop_postgres() {
  "$PROGRAMS/pg_ctl" stop --silent --pgdata=data --mode=immediate
  [ -e data/postmaster.pid ] || return 0
  # It was killed, and its shared memory is still there: only a start cleans that up.
  tries=0
  until "$PROGRAMS/pg_ctl" start --silent --pgdata=data --log=log --timeout=20; do
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || return 0
    sleep 0.2
  done
  "$PROGRAMS/pg_ctl" stop --silent --pgdata=data --mode=immediate
}

end() {
  case $KIND in
  postgres)
    stop_postgres >/dev/null 2>&1 9<&-
    # Where someone has removed the directory under it, pg_ctl finds nothing to stop.
    immediately=QUIT
    ;;
  pgbouncer) immediately=TERM ;;
  esac
  if [ -n "$server" ]; then
    kill -s "$immediately" "$server" 2>/dev/null
    wait "$server"
  fi
  cd /
  rm -rf "$DIRECTORY"
}

fail() {
  echo "$1"
  tail -n 20 log
  end
  exit 1
}

start_postgres() {
  timeout 120 "$PROGRAMS/initdb" --pgdata=data --username=postgres --pwfile=password --auth=password \
    --encoding=UTF8 --locale=C --data-checksums --no-sync --no-instructions >log 2>&1 9<&- ||
    fail "initdb failed:"
  cat settings.conf >>data/postgresql.conf
  "$PROGRAMS/postgres" -D data </dev/null >>log 2>&1 9<&- &
  server=$!
}

start_pgbouncer() {
  "$PROGRAMS/pgbouncer" pgbouncer.ini </dev/null >log 2>&1 9<&- &
  server=$!
}

is_ready() {
  case $KIND in
  postgres) grep -qs '^ready' data/postmaster.pid ;;
  pgbouncer) grep -qs 'process up' log ;;
  esac
}

case $KIND in
postgres) start_postgres ;;
pgbouncer) start_pgbouncer ;;
esac
tries=0
until is_ready; do
  kill -0 "$server" 2>/dev/null || fail "$KIND ended:"
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || fail "$KIND does not answer:"
  sleep 0.05
done
echo ready
exec >/dev/null 2>&1

lock_alone() {
  until flock -x 9; do sleep 1; done
}

lock_alone
while [ "$LINGER_SECS" -gt 0 ]; do
  # Newcomers get in while we wait.
  flock -u 9
  sleep "$LINGER_SECS"
  flock -n -x 9 && break
  lock_alone
done
end
# Someone may have removed the lock and made it anew; that one is not ours to remove.
if [ "/proc/$$/fd/9" -ef "$LOCK" ]; then rm -f "$STATE" "$LOCK"; fi
