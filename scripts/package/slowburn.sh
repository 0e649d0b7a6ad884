#!/bin/sh
# Starts the packaged window. Where Chromium's sandbox cannot start, the program ends before any of its own code runs, with
# a crash and a page of text. This says in one sentence what to do instead. It never turns the sandbox off.
here=$(dirname -- "$(readlink -f -- "$0")")
program="$here/slowburn-window"
crashed=133 # 128 + SIGTRAP: how Chromium ends on an error it cannot go on from

"$program" "$@" &
child=$!
for signal in INT TERM HUP; do trap "kill -$signal $child 2>/dev/null" "$signal"; done
wait "$child"
status=$?
while kill -0 "$child" 2>/dev/null; do # a signal woke the wait, and the program still finishes its writing
  wait "$child"
  status=$?
done
[ "$status" -eq "$crashed" ] || exit "$status"

# Was it the sandbox? An impossible speed ends the program at once wherever its own code is reached.
case $("$program" --speed=0 2>&1) in
  *sandbox*) ;;
  *) exit "$status" ;;
esac
helper="$here/chrome-sandbox"
if [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" = 1 ]; then
  profile=/etc/apparmor.d/slowburn
  run="printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' 'profile slowburn \"$program\" flags=(unconfined) { userns, }' | sudo tee $profile && sudo apparmor_parser -r $profile"
else
  run="sudo chown root:root '$helper' && sudo chmod 4755 '$helper'"
fi
cat >&2 <<END

Chromium's sandbox cannot start: this system does not let $program use a user namespace.
  Run once: $run
END
exit 1
