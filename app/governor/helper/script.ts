import { base, shell } from './base.ts';
import { decoderTable } from './frame.ts';
import { holding } from './hold.ts';
import { limiting } from './limit.ts';

const serving = shell`
watchdog_script=$3
helper=$$ watchdog=0 watchdog_start=0
look $$
helper_start=$start
# seconds until the watchdog undoes everything: between heartbeats, and while the driver works
SOON=10 LONG=120

# what a command comes to. It is said when the command is over: by then the watchdog knows how long to wait
ok() { answer=ok; }
no() { answer="no $*"; }

# starts the watchdog at the reading end of a pipe of which this process alone holds the writing end. Until its first line
# comes, the watchdog goes by the journal
watch() {
  watchdog=0 watchdog_start=0
  save || return 1
  rm -f "$journal.pipe"
  mkfifo "$journal.pipe" 2>/dev/null || return 1
  exec 5<> "$journal.pipe"
  exec 3> "$journal.pipe" 4< "$journal.pipe" 5>&-
  rm -f "$journal.pipe"
  setsid /bin/sh -c "$watchdog_script" slowburn-watchdog "$journal" "$smi" "$helper" "$helper_start" <&4 3>&- 4<&- &
  watchdog=$!
  exec 4<&-
  for again in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    look "$watchdog" || return 1
    [ "$session" != "$watchdog" ] || break
    sleep 0.05
  done
  watchdog_start=$start
  save
}
promise() {
  lives "$watchdog" "$watchdog_start" || watch || return 1
  printf '%s %s\n' "$1" "$book" 2>/dev/null >&3
}
decode() {
  hex=$1 plain=
  [ \${#hex} -le 160 ] || return 1
  while [ -n "$hex" ]; do
    tail=\${hex#??}
    case \${hex%"$tail"} in
      ${decoderTable()}
      *) return 1 ;;
    esac
    hex=$tail
  done
  [ -n "$plain" ]
}

for tool in setsid timeout mkfifo stat find; do
  command -v "$tool" > /dev/null || { echo "lacks $tool"; exit 4; }
done

# whoever works on this journal is waited for: briefly while its helper lives, longer while its watchdog is undoing
tries=0
while :; do
  word= was= one= one_start= two= two_start=
  read -r word was one one_start two two_start 2>/dev/null < "$journal"
  [ "$word" = helper ] && [ "$was" = "$boot" ] || break
  if lives "$one" "$one_start"; then most=8
  elif lives "$two" "$two_start"; then most=240
  else
    end_group "$one"
    end_group "$two"
    { read -r word; read -r book; } < "$journal"
    break
  fi
  [ "$tries" -lt "$most" ] || { echo busy; exit 3; }
  tries=$((tries + 1))
  sleep 0.25
done
watch || { echo "lacks a journal"; exit 4; }
promise "$LONG"
undo
save
promise "$SOON"
echo ready

while IFS= read -r frame; do
  case $frame in ''|' '*|*[!a-z0-9\ ]*) frame=invalid ;; esac
  verb=\${frame%% *} fields=
  frame=\${frame#"$verb"}
  for field in $frame; do
    if decode "$field"; then fields="$fields $plain"; else verb=invalid; break; fi
  done
  set -- $fields
  case $verb,$# in
    beat,0) if promise "$SOON"; then ok; else undo; save; no no-watchdog; fi ;;
    undo,0) promise "$LONG"; undo; save; promise "$SOON"; if [ -z "$book" ]; then ok; else no not-restored; fi ;;
`;

const holdCases = shell`    hold,*) hold "$@" ;;
    resume,*) resume "$@"; ok ;;
`;
const limitCases = shell`    limit,2) limit "$1" "$2"; promise "$SOON" ;;
    restore,1) restore "$1"; promise "$SOON" ;;
`;
const end = shell`    *) no invalid ;;
  esac
  printf '%s\n' "$answer"
done
`;

/**
 * The limit helper: a small shell program that alone holds programs and sets power limits, given to `sh -c` as text.
 * Nothing is installed, nothing could be exchanged on disk, and whoever is asked for rights can read it.
 *
 * `$1` journal, `$2` the nvidia-smi to use, `$3` the watchdog's script. It reads commands of frame.ts and answers each
 * with one line: `ok`, or `no` and why. What is to be undone is in the journal and with the watchdog before it is done.
 * This process never undoes at its own end: its watchdog does, however this one ended.
 */
export const helperScript = [base, limiting, holding, serving, holdCases, limitCases, end].join('');
/** The one that is given rights: it cannot hold programs. */
export const limitOnlyScript = [base, limiting, serving, limitCases, end].join('');
