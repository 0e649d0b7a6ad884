/**
 * The hand on the tap: a small shell program that alone stops processes and changes power caps, and undoes all of it when
 * its standard input ends, which it does when the app exits, crashes or is killed, since it holds the other end. It is
 * given to `sh -c` as text: nothing to install, nothing that could be exchanged on disk, and short enough to be read by
 * who is asked for rights. With rights (uid 0) it sets caps and nothing else.
 *
 * Each change is written to the journal first. A journal that is there at the start is of a tap that was killed: undone.
 * `$1` journal, `$2` the nvidia-smi to use. Lines in: stop PID START | cont PID START | cap UUID WATTS | release UUID |
 * undo. One line out each: ok, or no and why.
 */
export const tapScript = String.raw`
journal=$1
smi=$2
trap '' INT HUP PIPE
umask 077

started() {
  line=
  read -r line 2>/dev/null < "/proc/$1/stat" || return 1
  set -- \${line##*) }
  printf '%s' "\${20}"
}
without() {
  [ -f "$journal" ] || return 0
  grep -v -x -F -e "$1" "$journal" > "$journal.new"
  mv -f "$journal.new" "$journal"
}
same() { [ "\${1%.*}" = "\${2%.*}" ]; }
limit() { "$smi" -i "$1" --query-gpu=power.limit --format=csv,noheader,nounits 2>/dev/null; }
restore() {
  for again in 1 2 3 4 5; do
    "$smi" -i "$1" -pl "$2" > /dev/null 2>&1
    same "$(limit "$1")" "$2" && return 0
    sleep 0.2
  done
  return 1
}
undo() {
  [ -f "$journal" ] || return 0
  left=
  while read -r verb one two; do
    case $verb in
      stop) [ "$(started "$one")" = "$two" ] && kill -CONT "$one" 2>/dev/null ;;
      cap) restore "$one" "$two" || left="$left$verb $one $two
" ;;
    esac
  done < "$journal"
  if [ -n "$left" ] || [ -n "$1" ]; then printf '%s%s' "$1" "$left" > "$journal"; else rm -f "$journal"; fi
}
trap 'undo; exit 0' TERM

# the tap before this one was killed: what it had started in its own group must not act after the undoing
before=$(sed -n 's/^tap //p' "$journal" 2>/dev/null)
case $before in
  ''|*[!0-9]*) ;;
  *) if [ ! -e "/proc/$before" ]; then
       for again in 1 2 3 4 5 6 7 8 9 10; do kill -KILL -- "-$before" 2>/dev/null || break; sleep 0.05; done
     fi ;;
esac
me="tap $$
"
undo "$me"
[ -f "$journal" ] || printf '%s' "$me" > "$journal"
echo ready

while read -r verb one two rest; do
  case "$one$two$rest" in *[!A-Za-z0-9.-]*) echo "no: not a command"; continue ;; esac
  case $verb in
    stop)
      if [ "$(id -u)" = 0 ] && [ -n "$PKEXEC_UID" ]; then echo "no: with rights only caps are set"; continue; fi
      if [ "$(started "$one")" != "$two" ]; then echo "no: it has ended"; continue; fi
      echo "stop $one $two" >> "$journal"
      if kill -STOP "$one" 2>/dev/null; then echo ok; else without "stop $one $two"; echo "no: not permitted"; fi ;;
    cont)
      [ "$(started "$one")" = "$two" ] && kill -CONT "$one" 2>/dev/null
      without "stop $one $two"
      echo ok ;;
    cap)
      case $two in ''|*[!0-9]*) echo "no: not a power"; continue ;; esac
      if ! grep -q -s "^cap $one " "$journal"; then
        first=$(limit "$one")
        case $first in ''|*[!0-9.]*) echo "no: the cap cannot be read"; continue ;; esac
        echo "cap $one $first" >> "$journal"
      fi
      if why=$("$smi" -i "$one" -pl "$two" 2>&1) && same "$(limit "$one")" "$two"; then echo ok
      else
        restore "$one" "$(sed -n "s/^cap $one //p" "$journal")" && without "$(grep "^cap $one " "$journal")"
        echo "no: $(printf '%s' "$why" | head -n 1)"
      fi ;;
    release)
      first=$(sed -n "s/^cap $one //p" "$journal" 2>/dev/null)
      if [ -z "$first" ]; then echo ok; continue; fi
      if restore "$one" "$first"; then without "cap $one $first"; echo ok; else echo "no: the cap could not be restored"; fi ;;
    undo) undo "$me"; echo ok ;;
    *) echo "no: not a command" ;;
  esac
done
undo
`.replaceAll('\\$', '$');
