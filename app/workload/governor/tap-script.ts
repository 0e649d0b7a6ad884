/**
 * The hand on the tap: a small shell program that alone stops processes and changes power caps, and undoes all of it when
 * its standard input ends, which it does when the app exits, crashes or is killed, since it holds the other end. It is
 * given to `sh -c` as text: nothing to install, nothing that could be exchanged on disk, and short enough to be read by
 * who is asked for rights. With rights (uid 0) it sets caps and nothing else.
 *
 * What is to be undone stands in `book`, and each change of it is in the journal before it is done. A journal that is
 * there at the start is of a tap that was killed: undone. One whose tap still lives is waited for, since two hands on one
 * tap would undo each other's work; when it does not end, this one says `busy` and goes.
 *
 * `$1` journal, `$2` the nvidia-smi to use. Lines in: stop PID START | cont PID START | cap UUID WATTS | release UUID |
 * undo. One line out each: ok, or no and why.
 */
export const tapScript = String.raw`
journal=$1
smi=$2
trap '' INT HUP PIPE
umask 077
book=

started() {
  line=
  read -r line 2>/dev/null < "/proc/$1/stat" || return 1
  set -- \${line##*) }
  [ "$1" != Z ] || return 1
  printf '%s' "\${20}"
}
lives() { [ -n "$2" ] && [ "$(started "$1")" = "$2" ]; }
save() { printf 'tap %s %s\n%s' "$$" "$own" "$book" > "$journal.new" && mv -f "$journal.new" "$journal"; }
with() {
  book="$book$1
"
  save && return 0
  without "$1"
  return 1
}
without() {
  book=$(printf '%s' "$book" | grep -v -x -F -e "$1")
  [ -z "$book" ] || book="$book
"
  save
}
same() { [ "\${1%.*}" = "\${2%.*}" ]; }
limit() { "$smi" -i "$1" --query-gpu=power.limit --format=csv,noheader,nounits 2>/dev/null; }
first() { printf '%s' "$book" | sed -n "s/^cap $1 //p"; }
restore() {
  for again in 1 2 3 4 5; do
    "$smi" -i "$1" -pl "$2" > /dev/null 2>&1
    same "$(limit "$1")" "$2" && return 0
    sleep 0.2
  done
  return 1
}
undo() {
  left=
  while read -r verb one two; do
    case $verb in
      stop) [ "$(started "$one")" = "$two" ] && kill -CONT "$one" 2>/dev/null ;;
      cap) restore "$one" "$two" || left="$left$verb $one $two
" ;;
    esac
  done <<BOOK
$book
BOOK
  book=$left
}
end() { undo; if [ -n "$book" ]; then save; else rm -f "$journal"; fi; exit 0; }
trap end TERM

own=$(started $$)
before=
read -r word before when 2>/dev/null < "$journal"
[ "$word" = tap ] || before=
case $before in
  ''|*[!0-9]*) ;;
  *) for again in 1 2 3 4 5 6 7 8; do
       lives "$before" "$when" || break
       sleep 0.25
     done
     if lives "$before" "$when"; then echo busy; exit 3; fi
     # it was killed: what it had started in its own group must not act after the undoing
     if [ -z "$(started "$before")" ]; then
       for again in 1 2 3 4 5 6 7 8 9 10; do kill -KILL -- "-$before" 2>/dev/null || break; sleep 0.05; done
     fi ;;
esac
book=$(grep -E -s '^(stop|cap) [^ ]+ [^ ]+$' "$journal")
undo
save
echo ready

while read -r verb one two rest; do
  case "$one$two$rest" in *[!A-Za-z0-9.-]*) echo "no: not a command"; continue ;; esac
  case $verb in
    stop)
      if [ "$(id -u)" = 0 ] && [ -n "$PKEXEC_UID" ]; then echo "no: with rights only caps are set"; continue; fi
      if [ "$(started "$one")" != "$two" ]; then echo "no: it has ended"; continue; fi
      if ! with "stop $one $two"; then echo "no: the journal cannot be written"; continue; fi
      if kill -STOP "$one" 2>/dev/null; then echo ok; else without "stop $one $two"; echo "no: not permitted"; fi ;;
    cont)
      [ "$(started "$one")" = "$two" ] && kill -CONT "$one" 2>/dev/null
      without "stop $one $two"
      echo ok ;;
    cap)
      case $two in ''|*[!0-9]*) echo "no: not a power"; continue ;; esac
      if [ -z "$(first "$one")" ]; then
        now=$(limit "$one")
        case $now in ''|*[!0-9.]*) echo "no: the cap cannot be read"; continue ;; esac
        if ! with "cap $one $now"; then echo "no: the journal cannot be written"; continue; fi
      fi
      if why=$("$smi" -i "$one" -pl "$two" 2>&1) && same "$(limit "$one")" "$two"; then echo ok
      else
        now=$(first "$one")
        restore "$one" "$now" && without "cap $one $now"
        echo "no: $(printf '%s' "$why" | head -n 1)"
      fi ;;
    release)
      now=$(first "$one")
      if [ -z "$now" ]; then echo ok; continue; fi
      if restore "$one" "$now"; then without "cap $one $now"; echo ok; else echo "no: the cap could not be restored"; fi ;;
    undo) undo; save; echo ok ;;
    *) echo "no: not a command" ;;
  esac
done
end
`.replaceAll('\\$', '$');
