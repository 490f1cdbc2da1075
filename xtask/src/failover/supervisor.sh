# Runs a command in a world of its own and removes that world, whatever ends the command or us.
#   DIRECTORY    the directory of the servers, to be removed at the end
# The world has its own processes, network and shared memory: with its first process all others and
# all network devices are gone. Our standard input is held open by whoever started us; when it closes,
# they have died, and the world ends too.
set -u
# A terminal that closes or is interrupted ends the holder, and that ends us.
trap '' HUP INT
exec 3<&0

# The first process collects those that lose their parent: a killed postmaster that nobody collects
# would seem to be alive.
unshare --fork --pid --kill-child --mount-proc --net --ipc -- \
  sh -c '"$@" & wait "$!"' sh "$@" </dev/null 3<&- &
world=$!
{
  cat <&3 >/dev/null
  kill -9 "$world"
} >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$world"
code=$?
kill "$watch" 2>/dev/null
# When we were the ones to end it, its last processes may be writing still.
tries=0
until rm -rf "$DIRECTORY" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || break
  sleep 0.2
done
exit "$code"
